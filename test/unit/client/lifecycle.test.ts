import { describe, expect, it } from "vitest";
import { createBrowserLifecycle, type LifecycleSignal } from "../../../src/client/lifecycle.ts";

/** Something that events are fired at. */
class FakeTarget {
  readonly listeners = new Map<string, Set<() => void>>();

  addEventListener(type: string, listener: () => void): void {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: string, listener: () => void): void {
    this.listeners.get(type)?.delete(listener);
  }

  fire(type: string): void {
    for (const listener of this.listeners.get(type) ?? []) listener();
  }

  get count(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

class FakeDocument extends FakeTarget {
  visibilityState = "visible";
}

class FakeWindow extends FakeTarget {
  readonly document = new FakeDocument();
}

function listen(globals: object): { readonly signals: LifecycleSignal[]; readonly unsubscribe: () => void } {
  const signals: LifecycleSignal[] = [];
  const unsubscribe = createBrowserLifecycle(globals).subscribe((signal) => signals.push(signal));
  return { signals, unsubscribe };
}

describe("createBrowserLifecycle", () => {
  it("tells when the page is hidden, shown, frozen and resumed, online and offline [LIVE-5, LIVE-7]", () => {
    const window = new FakeWindow();
    const { signals } = listen(window);
    window.document.visibilityState = "hidden";
    window.document.fire("visibilitychange");
    window.document.fire("freeze");
    window.document.fire("resume");
    window.document.visibilityState = "visible";
    window.document.fire("visibilitychange");
    window.fire("pagehide");
    window.fire("pageshow");
    window.fire("offline");
    window.fire("online");
    expect(signals).toEqual(["hidden", "frozen", "hidden", "foreground", "frozen", "foreground", "offline", "online"]);
  });

  it("tells at once that the page is hidden already", () => {
    const window = new FakeWindow();
    window.document.visibilityState = "hidden";
    expect(listen(window).signals).toEqual(["hidden"]);
  });

  it("listens to nothing any more once it is unsubscribed", () => {
    const window = new FakeWindow();
    const { signals, unsubscribe } = listen(window);
    expect(window.count + window.document.count).toBe(7);
    unsubscribe();
    expect(window.count + window.document.count).toBe(0);
    window.fire("online");
    expect(signals).toEqual([]);
  });

  it("works in a worker, which has no document, and where there are no events at all", () => {
    const worker = new FakeTarget();
    const { signals } = listen(worker);
    worker.fire("online");
    expect(signals).toEqual(["online"]);
    listen({}).unsubscribe();
  });
});
