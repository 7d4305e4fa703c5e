import { describe, expect, it } from "vitest";
import { ConnectionRecorder } from "../../../src/testing/connection-recorder.ts";
import { ListenerGuard } from "../../../src/transport/listener-guard.ts";

function createGuard(more: ConstructorParameters<typeof ConnectionRecorder>[0] = {}) {
  const heard = new ConnectionRecorder(more);
  const thrown: unknown[] = [];
  const guard = ListenerGuard.dialing(heard, (error) => thrown.push(error));
  return { guard, heard, thrown };
}

describe("ListenerGuard", () => {
  it("says opened once, and nothing before it but a failure", () => {
    const { guard, heard } = createGuard();
    guard.receive("early");
    guard.drain();
    guard.open();
    guard.open();
    expect(heard.calls).toEqual(["opened"]);
  });

  it("says closed once, and nothing after it [TRANS-3]", () => {
    const { guard, heard } = createGuard();
    guard.open();
    guard.close(4000, "over");
    guard.close(4001, "again");
    guard.open();
    guard.receive("late");
    guard.drain();
    expect(heard.calls).toEqual(["opened", "closed"]);
    expect(heard.closes).toEqual([{ code: 4000, reason: "over", cause: "closed" }]);
    expect([guard.startClosing(), guard.startAborting()]).toEqual([false, false]);
  });

  it("tells a connection that never opened from one that did", () => {
    const { guard, heard } = createGuard();
    guard.close(1006, "refused");
    expect(heard.closes).toEqual([{ code: 1006, reason: "refused", cause: "failed" }]);
  });

  it("lets nothing but closed through between the own close and the end", () => {
    const { guard, heard } = createGuard();
    guard.open();
    expect([guard.startClosing(), guard.startClosing()]).toEqual([true, false]);
    guard.receive("late");
    guard.drain();
    guard.close(4000, "");
    expect(heard.calls).toEqual(["opened", "closed"]);
  });

  it("says 1006 after an abort, whatever code the peer gave", () => {
    const { guard, heard } = createGuard();
    guard.open();
    expect([guard.startClosing(), guard.startAborting(), guard.startAborting()]).toEqual([true, true, false]);
    guard.close(4100, "the peer's own");
    expect(heard.closes[0]?.code).toBe(1006);
  });

  it("catches what each method of the listener throws, and goes on", () => {
    const fail = (): never => {
      throw new Error("broken");
    };
    const { guard, heard, thrown } = createGuard({ opened: fail, received: fail, drained: fail, closed: fail });
    guard.open();
    guard.receive("message");
    guard.drain();
    guard.close(1000, "");
    expect(heard.calls).toEqual(["opened", "received", "drained", "closed"]);
    expect(thrown.length).toBe(4);
  });
});
