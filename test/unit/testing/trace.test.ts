import { describe, expect, it } from "vitest";
import type { Trace } from "../../../src/testing/trace.ts";
import { tracePlayerOf } from "../../../src/testing/trace-players.ts";

const player = tracePlayerOf("session");
const events: Trace = {
  machine: "session",
  about: "A session gets a channel, and is ended.",
  config: { sessionMs: 1_000 },
  start: { idle: { deadlineAtMs: 500 } },
  steps: [{ event: { callServed: { nowMs: 100 } } }, { event: { attached: {} } }, { event: { callServed: {} } }],
};

describe("TracePlayer.record", () => {
  it("fills in what follows from the events, with the trace's config", () => {
    expect(player.record(events).steps).toEqual([
      {
        event: { callServed: { nowMs: 100 } },
        state: { idle: { deadlineAtMs: 1_100 } },
        effects: [{ cancelTimer: {} }, { startTimer: { atMs: 1_100 } }],
      },
      { event: { attached: {} }, state: { active: {} }, effects: [{ cancelTimer: {} }] },
      { event: { callServed: {} }, ignored: true },
    ]);
  });

  it("makes a trace that plays", () => {
    expect(player.play(player.record(events))).toEqual([]);
  });
});

describe("TracePlayer.play", () => {
  it("names each step that came out differently, with both sides", () => {
    const recorded = player.record(events);
    const [first, second, third] = recorded.steps;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three steps");
    const wrong: Trace = {
      ...recorded,
      steps: [{ ...first, state: { idle: { deadlineAtMs: 9 } } }, second, { event: third.event }],
    };
    expect(player.play(wrong)).toEqual([
      { index: 0, expected: { ...first, state: { idle: { deadlineAtMs: 9 } } }, actual: first },
      { index: 2, expected: { event: third.event }, actual: third },
    ]);
  });

  it("notices effects in another order, and effects that are missing", () => {
    const recorded = player.record(events);
    const change = (effects: Trace["steps"][number]["effects"]): Trace => ({
      ...recorded,
      steps: recorded.steps.map((step, index) => (index === 0 ? { ...step, effects: effects ?? [] } : step)),
    });
    const effects = recorded.steps[0]?.effects ?? [];
    expect(player.play(change(effects.toReversed()))).toHaveLength(1);
    expect(player.play(change(effects.slice(1)))).toHaveLength(1);
    expect(player.play(change(effects))).toEqual([]);
  });

  it("takes two ways to write the same message for the same", () => {
    const recorded = player.record(events);
    const steps = [{ ...recorded.steps[0], event: { call_served: { now_ms: "100" } } }, ...recorded.steps.slice(1)];
    expect(player.play({ ...recorded, steps })).toEqual([]);
  });

  it("throws for events that the schema does not have, and for a machine that nobody knows", () => {
    expect(() => player.play({ ...events, steps: [{ event: { vanished: {} } }] })).toThrow(/vanished/);
    expect(() => tracePlayerOf("toaster")).toThrow(/toaster/);
  });
});

describe("TracePlayer.rowsOf", () => {
  it("gives the rows that were taken by their names in the schema", () => {
    expect(player.rowsOf(events)).toEqual(["idle call_served idle", "idle attached active"]);
  });
});
