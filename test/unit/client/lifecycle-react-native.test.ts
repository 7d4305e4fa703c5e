import { describe, expect, it } from "vitest";
import type { LifecycleSignal } from "../../../src/client/lifecycle.ts";
import { createReactNativeLifecycle } from "../../../src/client/lifecycle-react-native.ts";

/** `AppState`, as a test moves it. */
class FakeAppState {
  currentState: string | null;
  readonly listeners = new Set<(state: string) => void>();

  constructor(state: string | null) {
    this.currentState = state;
  }

  addEventListener(_: "change", listener: (state: string) => void): { remove(): void } {
    this.listeners.add(listener);
    return { remove: () => void this.listeners.delete(listener) };
  }

  change(...states: readonly string[]): void {
    for (const state of states) for (const listener of this.listeners) listener(state);
  }
}

interface NetState {
  readonly isConnected: boolean | null;
  readonly type?: string;
}

/** NetInfo, which tells the present state to whoever begins to listen. */
class FakeNetInfo {
  readonly listeners = new Set<(state: NetState) => void>();
  private readonly first: boolean | null;

  constructor(first: boolean | null = null) {
    this.first = first;
  }

  addEventListener(listener: (state: NetState) => void): () => void {
    this.listeners.add(listener);
    listener({ isConnected: this.first });
    return () => this.listeners.delete(listener);
  }

  change(...values: readonly (boolean | null)[]): void {
    this.report(...values.map((isConnected) => ({ isConnected })));
  }

  report(...states: readonly NetState[]): void {
    for (const state of states) for (const listener of this.listeners) listener(state);
  }
}

function listen(appState: FakeAppState, netInfo?: FakeNetInfo) {
  const signals: LifecycleSignal[] = [];
  const sources = netInfo === undefined ? { appState } : { appState, netInfo };
  const unsubscribe = createReactNativeLifecycle(sources).subscribe((signal) => signals.push(signal));
  return { signals, unsubscribe };
}

describe("createReactNativeLifecycle", () => {
  it("tells when the app goes to the background and comes back, once each [LIVE-9, LIVE-5, LIVE-7]", () => {
    const appState = new FakeAppState("active");
    const { signals } = listen(appState);
    appState.change("inactive", "background", "background", "inactive", "active", "active");
    expect(signals).toEqual(["hidden", "foreground"]);
  });

  it("takes `inactive` for a blip, in which the app goes on, and what it does not know for no change [LIVE-9]", () => {
    const appState = new FakeAppState("active");
    const { signals } = listen(appState);
    appState.change("inactive", "active", "unknown", "extension", "active");
    expect(signals).toEqual([]);
  });

  it.each([
    ["background", ["hidden"]],
    ["inactive", []],
    ["active", []],
    ["unknown", []],
    [null, []],
  ])("tells at once where it stands when the app is %s already [LIVE-9]", (state, expected) => {
    expect(listen(new FakeAppState(state)).signals).toEqual(expected);
  });

  it("tells when the network turns, and not while it is not known [LIVE-9]", () => {
    const netInfo = new FakeNetInfo();
    const { signals } = listen(new FakeAppState("active"), netInfo);
    netInfo.change(true, true, null, true, false, null, false, null, true);
    expect(signals).toEqual(["offline", "online"]);
  });

  it("knows from the first report on what a turn is [LIVE-9]", () => {
    const netInfo = new FakeNetInfo(false);
    const { signals } = listen(new FakeAppState("active"), netInfo);
    expect(signals).toEqual([]);
    netInfo.change(true);
    expect(signals).toEqual(["online"]);
  });

  it("tells that it is online when another network takes over, where the sockets of the one before may be dead [LIVE-9]", () => {
    const netInfo = new FakeNetInfo(true);
    const { signals } = listen(new FakeAppState("active"), netInfo);
    const on = (type: string): NetState => ({ isConnected: true, type });
    netInfo.report(on("wifi"), on("wifi"), on("unknown"), on("wifi"));
    expect(signals).toEqual([]);
    netInfo.report(on("cellular"));
    expect(signals).toEqual(["online"]);
    netInfo.report({ isConnected: false, type: "none" }, on("wifi"), { isConnected: true });
    expect(signals).toEqual(["online", "offline", "online"]);
  });

  it("listens to nothing any more once it is unsubscribed, and each listener has its own view [LIVE-9]", () => {
    const [appState, netInfo] = [new FakeAppState("active"), new FakeNetInfo(true)];
    const [first, second] = [listen(appState, netInfo), listen(appState, netInfo)];
    first.unsubscribe();
    appState.change("background");
    netInfo.change(false);
    expect([first.signals, second.signals]).toEqual([[], ["hidden", "offline"]]);
    second.unsubscribe();
    expect(appState.listeners.size + netInfo.listeners.size).toBe(0);
  });
});
