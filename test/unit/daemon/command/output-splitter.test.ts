import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputStream } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import { MAX_OUTPUT_BYTES, OutputSplitter } from "../../../../src/daemon/command/output-splitter.ts";

const { STDOUT, STDERR } = OutputStream;

function texts(items: ReturnType<OutputSplitter["push"]>): string[] {
  return items.map(({ stream, data }) => `${stream === STDOUT ? "out" : "err"}:${Buffer.from(data).toString()}`);
}

describe("OutputSplitter", () => {
  it("gives out whole lines and holds the rest [AGENT-3]", () => {
    const splitter = new OutputSplitter();
    expect(texts(splitter.push(STDOUT, Buffer.from("a\nb\nc")))).toEqual(["out:a\nb\n"]);
    expect(splitter.isHolding).toBe(true);
    expect(texts(splitter.push(STDOUT, Buffer.from("d\n")))).toEqual(["out:cd\n"]);
    expect(splitter.isHolding).toBe(false);
    expect(splitter.flush()).toEqual([]);
  });

  it("gives out what it holds before it takes from the other stream [AGENT-3]", () => {
    const splitter = new OutputSplitter();
    splitter.push(STDOUT, Buffer.from("half"));
    expect(texts(splitter.push(STDERR, Buffer.from("oops\n")))).toEqual(["out:half", "err:oops\n"]);
  });

  it("cuts a long line at 16 KiB, and not inside a character [AGENT-3]", () => {
    const splitter = new OutputSplitter();
    const items = splitter.push(STDOUT, Buffer.from(`x${"é".repeat(10_000)}`));
    expect(items.map(({ data }) => data.length)).toEqual([MAX_OUTPUT_BYTES - 1]);
    expect(new TextDecoder("utf-8", { fatal: true }).decode(items[0]?.data)).toMatch(/^xé+$/);
  });

  it("gives out every byte of every stream in order, at most 16 KiB in one item [AGENT-3]", () => {
    const chunk = fc.record({
      stream: fc.constantFrom(STDOUT, STDERR),
      data: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 40_000 }).map((length) => new Uint8Array(length).fill(0xa9)),
        fc.constant(Buffer.from("line\nline\n")),
      ),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
        const splitter = new OutputSplitter();
        const items = [...chunks.flatMap(({ stream, data }) => splitter.push(stream, data)), ...splitter.flush()];
        for (const stream of [STDOUT, STDERR]) {
          const of = (parts: ReadonlyArray<{ stream: OutputStream; data: Uint8Array }>): Buffer =>
            Buffer.concat(parts.filter((part) => part.stream === stream).map(({ data }) => data));
          expect(of(items).equals(of(chunks))).toBe(true);
        }
        expect(items.every(({ data }) => data.length > 0 && data.length <= MAX_OUTPUT_BYTES)).toBe(true);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it("keeps nothing of what it was given", () => {
    const splitter = new OutputSplitter();
    const given = Buffer.from("one\ntwo");
    const [item] = splitter.push(STDOUT, given);
    given.fill(0);
    expect(Buffer.from(item?.data ?? []).toString()).toBe("one\n");
    expect(texts(splitter.flush())).toEqual(["out:two"]);
  });
});
