import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type TimelineItem, TimelineItemSchema } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import { TextAppendedSchema } from "../../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { TimelineWindow } from "../../../../src/runtime/mirror/timeline-window.ts";
import { textOf } from "./support/timeline-stage.ts";

const item = (seq: number, revision: number, text = `${seq}@${revision}`): TimelineItem =>
  create(TimelineItemSchema, {
    seq: BigInt(seq),
    revision: BigInt(revision),
    content: { case: "reasoning", value: { text } },
  });
const grown = (seq: number, revision: number, offset: number, text: string) =>
  create(TextAppendedSchema, { seq: BigInt(seq), revision: BigInt(revision), offset: BigInt(offset), text });

function showing(...items: TimelineItem[]): TimelineWindow {
  const window = new TimelineWindow(5);
  window.show("e", items, true);
  return window;
}

const textsOf = (window: TimelineWindow): string[] => window.items.map(textOf);

describe("TimelineWindow", () => {
  it("shows the higher revision of a seq, whichever comes first [MIRROR-7]", () => {
    const window = showing(item(5, 5), item(6, 9));
    expect([window.put(item(6, 8)), window.put(item(6, 9)), window.put(item(5, 7))]).toEqual([
      "same",
      "same",
      "changed",
    ]);
    expect(window.grow(grown(6, 9, 0, "older"))).toBe("same");
    expect(textsOf(window)).toEqual(["5@7", "6@9"]);
  });

  it("shows no more than it may of an earlier page, as others have come meanwhile [MIRROR-7]", () => {
    const window = showing(item(5, 5), item(6, 6), item(7, 7));
    window.put(item(8, 8));
    window.prepend([item(3, 3), item(4, 4)], false);
    expect([textsOf(window), window.hasEarlier]).toEqual([["4@4", "5@5", "6@6", "7@7", "8@8"], true]);
  });

  it("has no gaps: what lies before it is heard of, and not shown [MIRROR-7]", () => {
    const window = showing(item(5, 5), item(6, 6));
    expect([window.put(item(3, 8)), window.grow(grown(2, 9, 1, "x"))]).toEqual(["outside", "outside"]);
    expect([textsOf(window), window.revisionBefore]).toEqual([["5@5", "6@6"], 9n]);
    window.prepend([item(4, 4), item(5, 5)], true);
    expect([textsOf(window), window.revisionBefore]).toEqual([["4@4", "5@5", "6@6"], 0n]);
    for (const seq of [7, 8, 9]) window.put(item(seq, seq));
    expect([textsOf(window), window.hasEarlier]).toEqual([["5@5", "6@6", "7@7", "8@8", "9@9"], true]);
    // What has gone may have changed at any time.
    expect(window.revisionBefore).toBe(4n);
  });

  it("takes text that is known in part, and none that is missing something [MIRROR-7]", () => {
    const window = showing(item(5, 5, "é⚓"));
    expect(window.grow(grown(5, 6, 2, "⚓!"))).toBe("changed");
    expect(textsOf(window)).toEqual(["é⚓!"]);
    expect(window.grow(grown(5, 7, 7, "missing"))).toBe("outside");
    expect(window.grow(grown(5, 8, 6, "?"))).toBe("changed");
    expect(textsOf(window)).toEqual(["é⚓!?"]);
    window.put(create(TimelineItemSchema, { seq: 6n, revision: 9n, content: { case: "error", value: {} } }));
    expect(window.grow(grown(6, 10, 0, "?"))).toBe("outside");
  });

  it("keeps objects of the same log that have not changed, and none of another one [MIRROR-4]", () => {
    const [five, six] = [item(5, 5), item(6, 6)];
    const window = showing(five, six);
    window.show("e", [item(5, 5), item(6, 7)], true);
    expect([window.items[0] === five, window.items[1] === six]).toEqual([true, false]);
    window.show("f", [item(5, 5)], true);
    expect([window.items[0] === five, window.era, window.epoch]).toEqual([false, 3, "f"]);
    expect(window.find(6n)).toBeUndefined();
  });
});
