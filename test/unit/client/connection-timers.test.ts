import { describe, expect, it } from "vitest";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { ConnectionTimers } from "../../../src/client/connection-timers.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";

const { CONNECT, RETRY, SILENCE, VERIFY } = ConnectionTimer;

function stageTimers(beforeDue: (timers: ConnectionTimers) => void = () => {}) {
  const clock = new SimulatedClock();
  const due: string[] = [];
  const timers: ConnectionTimers = new ConnectionTimers(clock, {
    beforeDue: () => beforeDue(timers),
    due: ({ name, generation, atMs }) => due.push(`${clock.now()}: ${name} of ${generation} at ${atMs}`),
  });
  return { clock, due, timers };
}

describe("ConnectionTimers", () => {
  it("tells what is due, once, with what it was started with", () => {
    const { clock, due, timers } = stageTimers();
    timers.start({ name: CONNECT, generation: 2, atMs: 100 });
    clock.advance(1_000);
    expect(due).toEqual([`100: ${CONNECT} of 2 at 100`]);
  });

  it("has one timer of a name: the last one [RUN-3]", () => {
    const { clock, due, timers } = stageTimers();
    timers.start({ name: CONNECT, generation: 1, atMs: 100 });
    timers.start({ name: CONNECT, generation: 2, atMs: 300 });
    expect(clock.pending).toBe(1);
    clock.advance(1_000);
    expect(due).toEqual([`300: ${CONNECT} of 2 at 300`]);
  });

  it("cancels, one or all [RUN-3]", () => {
    const { clock, due, timers } = stageTimers();
    timers.start({ name: CONNECT, generation: 1, atMs: 100 });
    timers.start({ name: VERIFY, generation: 1, atMs: 100 });
    timers.cancel(CONNECT);
    timers.cancel(SILENCE);
    timers.cancelAll();
    expect(clock.pending).toBe(0);
    clock.advance(1_000);
    expect(due).toEqual([]);
  });

  it("moves all but the retry by a gap, and remembers when they were wanted [LIVE-6]", () => {
    const { clock, due, timers } = stageTimers();
    timers.start({ name: VERIFY, generation: 1, atMs: 100 });
    timers.start({ name: RETRY, generation: 1, atMs: 100 });
    clock.advance(50);
    timers.shift(50);
    clock.advance(1_000);
    expect(due).toEqual([`100: ${RETRY} of 1 at 100`, `150: ${VERIFY} of 1 at 100`]);
  });

  it("are not moved by a gap that was over when they were started [LIVE-6]", () => {
    const { clock, due, timers } = stageTimers();
    clock.advance(3_600_000);
    timers.start({ name: VERIFY, generation: 1, atMs: clock.now() + 100 });
    clock.advance(10);
    timers.shift(3_600_000);
    clock.advance(1_000);
    expect(due).toEqual([`3600110: ${VERIFY} of 1 at 3600100`]);
  });

  it("may be moved in the moment when it is due [LIVE-6]", () => {
    let gapMs = 70;
    const { clock, due, timers } = stageTimers((all) => {
      if (gapMs > 0) all.shift(gapMs);
      gapMs = 0;
    });
    timers.start({ name: SILENCE, generation: 1, atMs: 100 });
    clock.advance(1_000);
    expect(due).toEqual([`170: ${SILENCE} of 1 at 100`]);
  });

  it("may be cancelled in the moment when it is due [RUN-3]", () => {
    const { clock, due, timers } = stageTimers((all) => all.cancel(SILENCE));
    timers.start({ name: SILENCE, generation: 1, atMs: 100 });
    clock.advance(1_000);
    expect(due).toEqual([]);
  });

  it("holds a timer until it is resumed [LIVE-7]", () => {
    const { clock, due, timers } = stageTimers();
    timers.start({ name: SILENCE, generation: 1, atMs: 100 });
    timers.hold(SILENCE);
    timers.hold(CONNECT);
    timers.resume(CONNECT, 200);
    expect(clock.pending).toBe(0);
    timers.shift(10);
    clock.advance(1_000);
    timers.resume(SILENCE, 1_200);
    timers.resume(SILENCE, 9_000);
    clock.advance(1_000);
    expect(due).toEqual([`1200: ${SILENCE} of 1 at 100`]);
  });
});
