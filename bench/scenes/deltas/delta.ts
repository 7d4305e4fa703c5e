import { z } from "zod";

/** What a timeline grows by: 58 B with its place, as generated code encodes it. */
const TEXT = " and the tide goes out at noon";

/** One event: text that was added to an item of a timeline. */
export function createDelta(index: number) {
  return { seq: 12_345, offset: 1_000_000 + index * TEXT.length, text: TEXT, revision: 2_000_000 + index };
}

/** The same as a JSON message. */
export function createJsonDelta(index: number): string {
  return JSON.stringify({ type: "textAppended", ...createDelta(index) });
}

const position = { seq: z.number().int(), revision: z.number().int() };

/** What a server with JSON messages says of a timeline. */
export const timelineMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("textAppended"), ...position, offset: z.number().int(), text: z.string() }),
  z.object({ type: z.literal("itemAppended"), ...position, text: z.string(), createdAt: z.string() }),
  z.object({ type: z.literal("mark"), epoch: z.string(), revision: z.number().int() }),
]);
