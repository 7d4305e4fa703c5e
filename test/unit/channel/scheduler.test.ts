import { describe, expect, it } from "vitest";
import { Place, Scheduler, type Sender } from "../../../src/channel/scheduler.ts";

class FakeCall implements Sender<FakeCall> {
  readonly urgentPlace: Place<FakeCall> = new Place<FakeCall>(this);
  readonly readyPlace: Place<FakeCall> = new Place<FakeCall>(this);
  readonly name: string;
  urgent = 0;
  ready = 0;

  constructor(name: string, ready: number, urgent = 0) {
    this.name = name;
    this.ready = ready;
    this.urgent = urgent;
  }

  get isUrgent(): boolean {
    return this.urgent > 0;
  }

  get isSendable(): boolean {
    return this.ready > 0;
  }
}

/** Lets everybody send until nobody has anything left. @returns who sent, in order. */
function run(scheduler: Scheduler<FakeCall>): string {
  let order = "";
  for (let call = scheduler.peek(); call !== undefined; call = scheduler.peek()) {
    if (call.isUrgent) call.urgent -= 1;
    else call.ready -= 1;
    order += call.name;
    scheduler.rotate(call);
  }
  return order;
}

function schedule(...calls: FakeCall[]): Scheduler<FakeCall> {
  const scheduler = new Scheduler<FakeCall>();
  for (const call of calls) scheduler.add(call);
  return scheduler;
}

describe("Scheduler", () => {
  it("gives nobody a turn where nobody has anything to send", () => {
    expect(schedule(new FakeCall("a", 0)).peek()).toBeUndefined();
  });

  it("takes turns between those that have something to send [CALL-8]", () => {
    expect(run(schedule(new FakeCall("a", 4), new FakeCall("b", 2), new FakeCall("c", 1)))).toBe("abcabaa");
  });

  it("lets what is urgent go first [CALL-9]", () => {
    expect(run(schedule(new FakeCall("a", 3), new FakeCall("b", 1, 2), new FakeCall("c", 0, 1)))).toBe("bcbaba" + "a");
  });

  it("gives a call that is added twice one place only", () => {
    const call = new FakeCall("a", 2);
    const scheduler = schedule(call, call, new FakeCall("b", 1));
    expect(run(scheduler)).toBe("aba");
  });

  it("passes over a call that has lost what it had to send, and takes it again later", () => {
    const call = new FakeCall("a", 2);
    const scheduler = schedule(call, new FakeCall("b", 1));
    call.ready = 0;
    expect(run(scheduler)).toBe("b");
    call.ready = 1;
    scheduler.add(call);
    expect(run(scheduler)).toBe("a");
  });

  it("keeps nobody that was removed, wherever it stood [INV-14]", () => {
    const [a, b, c] = [new FakeCall("a", 1, 1), new FakeCall("b", 1, 1), new FakeCall("c", 1)];
    const scheduler = schedule(a, b, c);
    scheduler.remove(b);
    expect([b.urgentPlace.isFree, b.readyPlace.isFree]).toEqual([true, true]);
    expect(run(scheduler)).toBe("aac");
  });
});
