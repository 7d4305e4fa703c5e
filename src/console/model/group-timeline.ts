import type { CommandOutput, TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";

/** A part of a timeline as it is shown. */
export type TimelineBlock = ItemBlock | OutputBlock;

/** An item that is shown by itself. */
interface ItemBlock {
  readonly kind: "item";
  readonly key: string;
  readonly item: TimelineItem;
}

/** What a command wrote on one stream, without a break. */
interface OutputBlock {
  readonly kind: "output";
  readonly key: string;
  readonly stream: number;
  readonly text: string;
  readonly lines: number;
  /** Whether it goes on where the block before it ends. */
  readonly isContinued: boolean;
}

/** Outputs one after the other, which are shown as one. */
interface Run {
  readonly key: string;
  readonly isContinued: boolean;
  readonly outputs: CommandOutput[];
}

/** A long output is shown in parts, so that what comes has only the last one laid out anew: so many items, by `seq`. */
const PART_ITEMS = 16n;
/** A part ends after an item of so many bytes. */
const LARGE_BYTES = 4_096;
const LINE_FEED = 10;

/** Sequences by which programs colour terminals and move in them: CSI, OSC and the short ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one.
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

/** What was made of outputs, by the first of them. */
const made = new WeakMap<CommandOutput, { readonly last: CommandOutput; readonly block: OutputBlock }>();
const lineCounts = new WeakMap<CommandOutput, number>();

/**
 * The items of a timeline as blocks: what a command wrote is joined, and read as UTF-8 across its items, without what moves
 * and colours terminals. A block is the very same one as long as nothing of it has changed.
 */
export function groupTimeline(items: readonly TimelineItem[]): TimelineBlock[] {
  const blocks: TimelineBlock[] = [];
  let run: Run | undefined;
  const flush = (): void => {
    if (run !== undefined) blocks.push(toBlock(run));
    run = undefined;
  };
  for (const item of items) {
    const { content, seq } = item;
    const key = `${seq}`;
    if (content.case !== "commandOutput") {
      flush();
      blocks.push({ kind: "item", key, item });
      continue;
    }
    const last = run?.outputs.at(-1);
    const isSame = last?.stream === content.value.stream;
    if (!isSame || isPartEnd(last, seq)) flush();
    run ??= { key, isContinued: isSame, outputs: [] };
    run.outputs.push(content.value);
  }
  flush();
  return blocks;
}

/** Whether a part ends after an output. @param next The `seq` of the one that follows. */
function isPartEnd({ data }: CommandOutput, next: bigint): boolean {
  return data.at(-1) === LINE_FEED && (next % PART_ITEMS === 0n || data.length >= LARGE_BYTES);
}

/** The last items, so many and a few more: where they begin moves with a part of an output, and not with each item. */
export function lastItems(items: readonly TimelineItem[], limit: number): readonly TimelineItem[] {
  if (items.length <= limit) return items;
  const start = items.length - limit;
  const isStart = ({ seq }: TimelineItem): boolean => seq % PART_ITEMS === 0n;
  const more = items
    .slice(Math.max(0, start + 1 - Number(PART_ITEMS)), start + 1)
    .toReversed()
    .findIndex(isStart);
  return items.slice(start - Math.max(0, more));
}

/** How many lines a command has written, in what is loaded. */
export function countLines(items: readonly TimelineItem[]): number {
  let lines = 0;
  for (const { content } of items) if (content.case === "commandOutput") lines += linesOf(content.value);
  return lines;
}

function linesOf(output: CommandOutput): number {
  const known = lineCounts.get(output);
  if (known !== undefined) return known;
  let lines = 0;
  for (const byte of output.data) if (byte === LINE_FEED) lines += 1;
  lineCounts.set(output, lines);
  return lines;
}

function toBlock({ key, isContinued, outputs }: Run): OutputBlock {
  const [first, last] = [outputs[0], outputs.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a run has no output");
  const known = made.get(first);
  if (known?.last === last && known.block.isContinued === isContinued) return known.block;
  const lines = outputs.reduce((sum, output) => sum + linesOf(output), 0);
  const block = { kind: "output", key, stream: first.stream, text: textOf(outputs), lines, isContinued } as const;
  made.set(first, { last, block });
  return block;
}

function textOf(outputs: readonly CommandOutput[]): string {
  const decoder = new TextDecoder();
  const texts = outputs.map(({ data }) => decoder.decode(data, { stream: true }));
  const text = [...texts, decoder.decode()].join("").replace(TERMINAL, "");
  return text.includes("\r") ? text.split("\n").map(overwritten).join("\n") : text;
}

/** A line as a terminal shows it where a program went back to its start and wrote over it. */
function overwritten(line: string): string {
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
}
