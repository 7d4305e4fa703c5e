import { describe, expect, it } from "vitest";
import { ignoreEvent, type LogEntry, type Machine, takeStep } from "../../../src/core/machine.ts";
import { MAX_QUEUED_EVENTS, Runner, RunnerOverflow } from "../../../src/core/runner.ts";

interface Door {
  readonly at: "open" | "shut";
  readonly moves: number;
}

type Push = "open" | "shut" | "kick" | "break";

const door: Machine<Door, Push, string, { readonly sound: string }> = {
  name: "door",
  transition(state, event, { sound }) {
    if (event === "break") throw new Error("the machine broke");
    if (event === "kick") return takeStep(state, ["tremble"]);
    if (event === state.at) return ignoreEvent(state);
    return takeStep({ at: event, moves: state.moves + 1 }, [sound, `${event} done`]);
  },
  stateName: ({ at }) => at,
  eventName: (event) => event,
};

class Doorkeeper {
  readonly told: string[] = [];
  readonly errors: unknown[] = [];
  readonly runner: Runner<Door, Push, string, { readonly sound: string }>;
  onEffect: (effect: string) => void = () => {};
  onLog: (entry: LogEntry<Door, Push>) => void = () => {};

  constructor() {
    this.runner = new Runner(door, { sound: "creak" }, this, { at: "shut", moves: 0 });
  }

  perform(effect: string): void {
    this.told.push(`do ${effect}`);
    this.onEffect(effect);
  }

  logged(entry: LogEntry<Door, Push>): void {
    this.told.push(`log ${entry.from.at} ${entry.event} ${entry.to.at}${entry.ignored ? " ignored" : ""}`);
    this.onLog(entry);
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }
}

describe("Runner: one event", () => {
  it("writes the log, publishes the new state, then performs the effects in order [RUN-6]", () => {
    const keeper = new Doorkeeper();
    keeper.runner.subscribe(({ at }) => keeper.told.push(`see ${at}`));
    keeper.runner.dispatch("open");
    expect(keeper.told).toEqual(["log shut open open", "see open", "do creak", "do open done"]);
    expect(keeper.runner.getSnapshot()).toEqual({ at: "open", moves: 1 });
  });

  it("has the new snapshot in place before listeners and effects [RUN-6]", () => {
    const keeper = new Doorkeeper();
    const seen: Door[] = [];
    keeper.runner.subscribe(() => seen.push(keeper.runner.getSnapshot()));
    keeper.onEffect = () => seen.push(keeper.runner.getSnapshot());
    keeper.runner.dispatch("open");
    expect(seen.map(({ at }) => at)).toEqual(["open", "open", "open"]);
  });

  it("logs an event without a row as ignored, keeps the very same state and calls no subscriber [RUN-1] [RUN-2]", () => {
    const keeper = new Doorkeeper();
    const before = keeper.runner.getSnapshot();
    keeper.runner.subscribe(() => keeper.told.push("see"));
    keeper.runner.dispatch("shut");
    expect(keeper.told).toEqual(["log shut shut shut ignored"]);
    expect(keeper.runner.getSnapshot()).toBe(before);
  });

  it("performs effects of an event that keeps the state, without calling subscribers [RUN-1]", () => {
    const keeper = new Doorkeeper();
    keeper.runner.subscribe(() => keeper.told.push("see"));
    keeper.runner.dispatch("kick");
    expect(keeper.told).toEqual(["log shut kick shut", "do tremble"]);
  });

  it("performs the effects that go with the first state when it is started", () => {
    const keeper = new Doorkeeper();
    keeper.onEffect = (effect) => effect === "hang" && keeper.runner.dispatch("open");
    keeper.runner.start(["hang", "oil"]);
    expect(keeper.told).toEqual(["do hang", "do oil", "log shut open open", "do creak", "do open done"]);
  });
});

describe("Runner: events from inside", () => {
  it("lets an event of a listener wait until the effects of the present one are done [RUN-5]", () => {
    const keeper = new Doorkeeper();
    keeper.runner.subscribe(({ at }) => at === "open" && keeper.runner.dispatch("shut"));
    keeper.runner.dispatch("open");
    const first = ["log shut open open", "do creak", "do open done"];
    expect(keeper.told).toEqual([...first, "log open shut shut", "do creak", "do shut done"]);
  });

  it("lets events of effects and of the log wait in their order [RUN-5]", () => {
    const keeper = new Doorkeeper();
    keeper.onLog = ({ event }) => event === "open" && keeper.runner.dispatch("kick");
    keeper.onEffect = (effect) => effect === "open done" && keeper.runner.dispatch("shut");
    keeper.runner.dispatch("open");
    const logs = keeper.told.filter((line) => line.startsWith("log"));
    expect(logs).toEqual(["log shut open open", "log open kick open", "log open shut shut"]);
  });

  it("takes events again after it has become quiet", () => {
    const keeper = new Doorkeeper();
    for (const event of ["open", "shut", "open"] as const) keeper.runner.dispatch(event);
    expect(keeper.runner.getSnapshot().moves).toBe(3);
  });

  it("drops what a runaway effect dispatches beyond the limit, says so, and goes on [INV-14]", () => {
    const keeper = new Doorkeeper();
    keeper.onEffect = (effect) => {
      if (effect !== "open done") return;
      for (let i = 0; i <= MAX_QUEUED_EVENTS; i += 1) keeper.runner.dispatch("kick");
    };
    keeper.runner.dispatch("open");
    expect(keeper.errors).toHaveLength(1);
    expect(keeper.errors[0]).toBeInstanceOf(RunnerOverflow);
    expect(keeper.told.filter((line) => line === "do tremble")).toHaveLength(MAX_QUEUED_EVENTS);
    keeper.runner.dispatch("shut");
    expect(keeper.runner.getSnapshot().at).toBe("shut");
  });
});

describe("Runner: what throws", () => {
  it("goes on with other listeners and effects when a listener throws [RUN-5]", () => {
    const keeper = new Doorkeeper();
    keeper.runner.subscribe(() => {
      throw new Error("a bad listener");
    });
    keeper.runner.subscribe(({ at }) => keeper.told.push(`see ${at}`));
    keeper.runner.dispatch("open");
    expect(keeper.told).toEqual(["log shut open open", "see open", "do creak", "do open done"]);
    expect(keeper.errors).toEqual([new Error("a bad listener")]);
  });

  it("goes on with the next effect when one throws, and with everything when the log throws [RUN-5]", () => {
    const keeper = new Doorkeeper();
    keeper.onLog = () => {
      throw new Error("a full disk");
    };
    keeper.onEffect = (effect) => {
      if (effect === "creak") throw new Error("no sound");
    };
    keeper.runner.dispatch("open");
    expect(keeper.told).toEqual(["log shut open open", "do creak", "do open done"]);
    expect(keeper.errors).toEqual([new Error("a full disk"), new Error("no sound")]);
  });

  it("keeps its state when the transition itself throws", () => {
    const keeper = new Doorkeeper();
    keeper.runner.dispatch("break");
    keeper.runner.dispatch("open");
    expect(keeper.errors).toEqual([new Error("the machine broke")]);
    expect(keeper.runner.getSnapshot()).toEqual({ at: "open", moves: 1 });
  });

  it("survives a failure report that throws", () => {
    const keeper = new Doorkeeper();
    keeper.failed = () => {
      throw new Error("nobody listens");
    };
    keeper.runner.dispatch("break");
    keeper.runner.dispatch("open");
    expect(keeper.runner.getSnapshot().at).toBe("open");
  });
});

describe("Runner: subscriptions", () => {
  it("calls each subscription until it is taken back, the same function twice", () => {
    const keeper = new Doorkeeper();
    const listener = ({ at }: Door): void => void keeper.told.push(`see ${at}`);
    const first = keeper.runner.subscribe(listener);
    const second = keeper.runner.subscribe(listener);
    keeper.runner.dispatch("open");
    first();
    first();
    keeper.runner.dispatch("shut");
    second();
    keeper.runner.dispatch("open");
    expect(keeper.told.filter((line) => line.startsWith("see"))).toEqual(["see open", "see open", "see shut"]);
  });

  it("does not call a listener that another one has just taken back", () => {
    const keeper = new Doorkeeper();
    const stops: Array<() => void> = [];
    keeper.runner.subscribe(() => stops.forEach((stop) => void stop()));
    stops.push(keeper.runner.subscribe(() => keeper.told.push("see")));
    keeper.runner.dispatch("open");
    expect(keeper.told).not.toContain("see");
  });
});
