import { createHash } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { OutputStream, TimelineItemSchema } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import { markItem, sumProgress, Tally } from "../../../../src/cli/demo/tally.ts";

type Content = MessageInitShape<typeof TimelineItemSchema>["content"];

function item(seq: number, content: Exclude<Content, undefined>) {
  return create(TimelineItemSchema, { seq: BigInt(seq), revision: BigInt(seq), content });
}

function wrote(text: string, stream: OutputStream = OutputStream.STDOUT): Exclude<Content, undefined> {
  return { case: "commandOutput", value: { stream, data: new TextEncoder().encode(text) } };
}

describe("Tally", () => {
  it("puts standard output together, and counts what came twice or not at all", () => {
    const tally = new Tally();
    const exit = { case: "processExit" as const, value: { cause: { case: "code" as const, value: 7 } } };
    const items = [
      item(1, wrote("one\ntw")),
      item(2, wrote("a warning\n", OutputStream.STDERR)),
      item(3, wrote("o\n")),
    ];
    for (const next of [...items, item(3, wrote("o\n")), item(6, exit)]) tally.take(next);
    const sha256 = createHash("sha256").update("one\ntwo\n").digest("hex");
    expect(tally.printed).toEqual({ lines: 2, bytes: 8, sha256, exitCode: 7 });
    expect(tally.progress).toEqual({ lines: 2, duplicates: 1, gaps: 2 });
    expect(sumProgress([tally.progress, tally.progress])).toEqual({ lines: 4, duplicates: 2, gaps: 4 });
  });

  it("marks an item by everything that it says", () => {
    expect(markItem(item(1, wrote("a")))).toEqual(markItem(item(1, wrote("a"))));
    expect(markItem(item(1, wrote("a"))).sha256).not.toBe(markItem(item(1, wrote("b"))).sha256);
  });
});
