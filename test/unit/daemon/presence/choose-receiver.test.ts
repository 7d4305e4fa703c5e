import { describe, expect, it } from "vitest";
import { chooseReceiver, type Presence } from "../../../../src/daemon/presence/choose-receiver.ts";

const AGENT = "agent-that-is-asked-of";

/** A presence, written as `name sight shown activity`; `-` is none, and `!` behind it says that it cannot be told. */
function presenceOf(line: string): Presence {
  const [channel = "", sight = "", shown = "-", activity = "-", mark] = line.split(" ");
  return {
    channel,
    principal: "owner",
    sight: sight as Presence["sight"],
    shownAgentId: shown === "-" ? undefined : shown === "it" ? AGENT : shown,
    activeAtMs: activity === "-" ? undefined : Number(activity),
    canBeTold: mark !== "!",
  };
}

type Row = readonly [what: string, presences: readonly string[], canPush: boolean, expected: string];

const rows: readonly Row[] = [
  ["nobody has reported [PRESENCE-1, PRESENCE-4]", [], false, "nobody"],
  ["a visible one shows it [PRESENCE-3]", ["a visible it 1"], false, "shown"],
  ["a visible one shows it, another was active later [PRESENCE-3]", ["a visible it 1", "b visible - 9"], true, "shown"],
  ["a visible one shows it that takes none [PRESENCE-3]", ["a visible it 1 !", "b visible - 9"], true, "shown"],
  ["a visible one shows another agent [PRESENCE-3]", ["a visible other 1"], false, "a"],
  ["a visible one shows none [PRESENCE-3]", ["a visible - 1"], false, "a"],
  ["several are visible [PRESENCE-3]", ["a visible - 1", "b visible - 3", "c visible - 2"], false, "b"],
  ["a hidden one was active later [PRESENCE-3]", ["a visible - 1", "b hidden - 9"], false, "a"],
  ["a hidden one shows it [PRESENCE-3]", ["a visible - 1", "b hidden it 9"], false, "a"],
  [
    "a hidden one was active later, the visible one is not known [PRESENCE-3]",
    ["a visible", "b hidden it 9"],
    true,
    "a",
  ],
  ["there is a token, and a visible one [PRESENCE-3]", ["a visible - 1", "b hidden - 9"], true, "a"],
  ["all are hidden, and there is a token [PRESENCE-4]", ["a hidden - 1", "b hidden it 9"], true, "push"],
  ["nobody is there, and there is a token [PRESENCE-4]", [], true, "push"],
  ["all are hidden [PRESENCE-4]", ["a hidden - 1", "b hidden - 9", "c hidden - 3"], false, "b"],
  ["a hidden one alone shows it [PRESENCE-4]", ["a hidden it 1"], false, "a"],
  ["the visible one takes none [PRESENCE-4]", ["a visible - 9 !", "b hidden - 1"], false, "b"],
  ["the visible one takes none, and there is a token [PRESENCE-4]", ["a visible - 9 !", "b hidden - 1"], true, "push"],
  [
    "the latest of the visible takes none [PRESENCE-3]",
    ["a visible - 9 !", "b visible - 1", "c hidden - 5"],
    true,
    "b",
  ],
  ["none of them takes any [PRESENCE-4]", ["a visible - 9 !", "b hidden - 1 !"], false, "nobody"],
  ["it is shown without a connection [PRESENCE-5]", ["a detached it 9", "b visible - 1"], false, "b"],
  ["one without a connection was active last [PRESENCE-5]", ["a detached - 9", "b hidden - 1"], false, "b"],
  ["there are only some without a connection [PRESENCE-5]", ["a detached it 9", "b detached - 1"], false, "nobody"],
  ["there is a token, and none with a connection [PRESENCE-5]", ["a detached it 9"], true, "push"],
  ["one is not known [PRESENCE-6]", ["a visible - 1", "b visible"], false, "a"],
  ["one is not known, and first [PRESENCE-6]", ["a visible", "b visible - 1"], false, "b"],
  ["none is known [PRESENCE-6]", ["a visible", "b visible"], false, "b"],
  ["all are the same [PRESENCE-6]", ["a hidden - 1", "b hidden - 1", "c hidden - 0"], false, "b"],
  ["one was active before 1970 [PRESENCE-6]", ["a visible - -5", "b visible"], false, "a"],
];

describe("chooseReceiver", () => {
  it.each(rows)("where %s", (_, presences, canPush, expected) => {
    const receiver = chooseReceiver(presences.map(presenceOf), AGENT, canPush);
    expect(receiver.case === "channel" ? receiver.channel : receiver.case).toBe(expected);
  });

  it("chooses no hidden channel while a visible one can be told, whatever there is [PRESENCE-3]", () => {
    const kinds = ["visible", "hidden", "detached"].flatMap((sight) =>
      ["- -", "it 1", "other 2"].map((rest) => `${sight} ${rest}`),
    );
    for (const a of kinds) {
      for (const b of kinds) {
        const presences = [presenceOf(`a ${a}`), presenceOf(`b ${b}`)];
        const receiver = chooseReceiver(presences, AGENT, false);
        if (receiver.case !== "channel") continue;
        const chosen = presences.find(({ channel }) => channel === receiver.channel);
        const hasVisible = presences.some(({ sight }) => sight === "visible");
        expect([a, b, chosen?.sight]).toEqual([a, b, hasVisible ? "visible" : "hidden"]);
      }
    }
  });
});
