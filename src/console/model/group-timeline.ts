import type { CommandOutput, TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";

/** A part of a timeline as it is shown. */
export type TimelineBlock =
  | { readonly kind: "item"; readonly key: string; readonly item: TimelineItem }
  /** What a command wrote on one stream, without a break. */
  | { readonly kind: "output"; readonly key: string; readonly stream: number; readonly text: string };

/** Sequences by which programs colour terminals and move in them: CSI, OSC and the short ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one.
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

/**
 * The items of a timeline as blocks: what a command wrote is joined, and read as UTF-8 across its items, without the
 * sequences for terminals.
 */
export function groupTimeline(items: readonly TimelineItem[]): TimelineBlock[] {
  const blocks: TimelineBlock[] = [];
  let run: CommandOutput[] = [];
  let key = "";
  const flush = (): void => {
    const [first] = run;
    if (first !== undefined) blocks.push({ kind: "output", key, stream: first.stream, text: textOf(run) });
    run = [];
  };
  for (const item of items) {
    const { content } = item;
    if (content.case !== "commandOutput") {
      flush();
      blocks.push({ kind: "item", key: `${item.seq}`, item });
      continue;
    }
    if (run[0]?.stream !== content.value.stream) flush();
    if (run.length === 0) key = `${item.seq}`;
    run.push(content.value);
  }
  flush();
  return blocks;
}

/** How many lines a command has written, in what is loaded. */
export function countLines(items: readonly TimelineItem[]): number {
  let lines = 0;
  for (const { content } of items) {
    if (content.case !== "commandOutput") continue;
    for (const byte of content.value.data) if (byte === 10) lines += 1;
  }
  return lines;
}

function textOf(outputs: readonly CommandOutput[]): string {
  const decoder = new TextDecoder();
  const texts = outputs.map(({ data }) => decoder.decode(data, { stream: true }));
  return [...texts, decoder.decode()].join("").replace(TERMINAL, "").replaceAll("\r\n", "\n");
}
