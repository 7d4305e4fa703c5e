// @vitest-environment happy-dom
import { Activity, act, memo, StrictMode, Suspense, startTransition, use, useState } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";
import { isShallowEqual } from "../../../src/react/equality.ts";
import { useSource } from "../../../src/react/use-source.ts";
import { hydrate, mount } from "./support/mount.tsx";
import { createStore, type Store } from "./support/store.ts";

interface Pair {
  readonly left: number;
  readonly right: number;
}

const NOTHING: Pair = { left: 0, right: 0 };
const identity = <T,>(value: T): T => value;
const leftOf = ({ left }: Pair): number => left;

/** A component that shows the left number, and what it was rendered with. */
function createLeft(store: Store<Pair>): { readonly Left: () => string; readonly renders: number[] } {
  const renders: number[] = [];
  const Left = (): string => {
    const left = useSource(store, NOTHING, leftOf);
    renders.push(left);
    return `${left}`;
  };
  return { Left, renders };
}

describe("useSource", () => {
  it("renders when what it selects has changed, and only then [REACT-1]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    const { Left, renders } = createLeft(store);
    const view = await mount(<Left />);
    await act(async () => store.set({ left: 1, right: 2 }));
    expect(renders).toEqual([1]);
    await act(async () => store.set({ left: 2, right: 2 }));
    expect([view.text, renders]).toEqual(["2", [1, 2]]);
  });

  it("renders nothing when it is told of the same snapshot [REACT-1]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    const renders: Pair[] = [];
    const Whole = (): null => {
      renders.push(useSource(store, NOTHING, identity));
      return null;
    };
    await mount(<Whole />);
    await act(async () => store.set(store.getSnapshot()));
    expect(renders).toHaveLength(1);
  });

  it("keeps the value that an inline selector makes anew, where it is equal [REACT-1]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    const seen: unknown[] = [];
    const Inline = ({ turn }: { turn: number }): string => {
      seen.push(useSource(store, NOTHING, ({ left }) => ({ left }), isShallowEqual));
      return `${turn}`;
    };
    const view = await mount(<Inline turn={1} />);
    await view.render(<Inline turn={2} />);
    await act(async () => store.set({ left: 1, right: 2 }));
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
    expect(store.subscriptions).toBe(1);
  });

  it("selects once from each snapshot [REACT-1]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    let selected = 0;
    const select = ({ left }: Pair): readonly number[] => {
      selected += 1;
      return [left];
    };
    const Counted = (): string => useSource(store, NOTHING, select).join();
    const view = await mount(<Counted />);
    await view.render(<Counted />);
    expect(selected).toBe(1);
    await act(async () => store.set({ left: 2, right: 2 }));
    expect([selected, view.text]).toEqual([2, "2"]);
  });

  it("shows the other source at once where it is given another [REACT-1]", async () => {
    const stores = [createStore<Pair>({ left: 1, right: 1 }), createStore<Pair>({ left: 2, right: 2 })] as const;
    const Left = ({ store }: { store: Store<Pair> }): string => `${useSource(store, NOTHING, leftOf)}`;
    const view = await mount(<Left store={stores[0]} />);
    await view.render(<Left store={stores[1]} />);
    expect(view.text).toBe("2");
    expect(stores.map(({ listeners }) => listeners)).toEqual([0, 1]);
  });
});

/** Runs `work` as in an application, by a clock whose time each render takes: React yields after 5 ms. */
async function yielding(clock: { now: number }, work: () => Promise<void>): Promise<void> {
  const environment = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  environment.IS_REACT_ACT_ENVIRONMENT = false;
  try {
    await work();
  } finally {
    environment.IS_REACT_ACT_ENVIRONMENT = true;
    now.mockRestore();
  }
}

describe("useSource: concurrent rendering", () => {
  it("never shows two snapshots in one commit when the store changes between two slices of a render [REACT-2]", async () => {
    const store = createStore(0);
    const commits: string[] = [];
    const clock = { now: performance.now() };
    let slices = 0;
    const Slow = memo((_: { turn: number }): string => {
      const value = useSource(store, 0, identity);
      slices += 1;
      clock.now += 10;
      return `${value},`;
    });
    const Changer = ({ turn }: { turn: number }): null => {
      // It runs when React yields: the second half has not been rendered by then.
      clock.now += 10;
      if (turn === 1 && store.getSnapshot() === 0) setImmediate(() => store.set(slices));
      return null;
    };
    let advance: (turn: number) => void = () => {};
    const Tree = (): React.ReactNode => {
      const [turn, setTurn] = useState(0);
      advance = setTurn;
      return (
        <div ref={(div) => void commits.push(div?.textContent ?? "")}>
          <Slow turn={turn} />
          <Changer turn={turn} />
          <Slow turn={turn} />
        </div>
      );
    };
    const view = await mount(<Tree />);
    await yielding(clock, async () => {
      startTransition(() => advance(1));
      for (let turn = 0; turn < 100 && view.text === "0,0,"; turn += 1) await new Promise((done) => setImmediate(done));
    });
    expect(view.text).toBe("3,3,");
    expect(commits.filter((text) => text !== "" && !/^(\d),\1,$/.test(text))).toEqual([]);
  });

  it("goes on to show changes while a transition waits [REACT-2]", async () => {
    const store = createStore<Pair>({ left: 0, right: 0 });
    const { Left } = createLeft(store);
    const never = new Promise<string>(() => {});
    const Waiting = (): string => use(never);
    let leave: (away: boolean) => void = () => {};
    const Tree = (): React.ReactNode => {
      const [isAway, setAway] = useState(false);
      leave = setAway;
      return (
        <Suspense fallback="…">
          <Left />
          {isAway && <Waiting />}
        </Suspense>
      );
    };
    const view = await mount(<Tree />);
    await act(async () => startTransition(() => leave(true)));
    await act(async () => store.set({ left: 7, right: 7 }));
    expect(view.text).toBe("7");
  });

  it("listens once in StrictMode, and not at all after that [REACT-3]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    const { Left } = createLeft(store);
    const view = await mount(
      <StrictMode>
        <Left />
      </StrictMode>,
    );
    expect(store.listeners).toBe(1);
    await view.unmount();
    expect(store.listeners).toBe(0);
  });

  it("does not listen while it is suspended for the first time, or hidden [REACT-3]", async () => {
    const store = createStore<Pair>({ left: 1, right: 1 });
    const { Left } = createLeft(store);
    let resolve: (text: string) => void = () => {};
    const text = new Promise<string>((done) => (resolve = done));
    const Late = (): React.ReactNode => [<Left key="left" />, use(text)];
    const tree = (mode: "visible" | "hidden"): React.ReactNode => (
      <Activity mode={mode}>
        <Suspense fallback="…">
          <Late />
        </Suspense>
      </Activity>
    );
    const view = await mount(tree("visible"));
    expect([view.text, store.listeners]).toEqual(["…", 0]);
    await act(async () => resolve("!"));
    expect([view.text, store.listeners]).toEqual(["1!", 1]);
    await view.render(tree("hidden"));
    expect(store.listeners).toBe(0);
    store.set({ left: 2, right: 2 });
    await view.render(tree("visible"));
    expect([view.text, store.listeners]).toEqual(["2!", 1]);
  });
});

describe("useSource: on a server", () => {
  it("renders what there is before anything has happened, and hydrates without a mismatch [REACT-4]", async () => {
    const store = createStore<Pair>({ left: 5, right: 5 });
    const { Left, renders } = createLeft(store);
    const html = renderToString(<Left />);
    expect(html).toBe("0");
    const view = await hydrate(html, <Left />);
    expect(view.errors).toEqual([]);
    expect([view.text, renders]).toEqual(["5", [0, 0, 5]]);
  });

  it("hydrates where a selector makes its value anew each time [REACT-4]", async () => {
    const store = createStore<Pair>({ left: 5, right: 5 });
    const Inline = (): string => useSource(store, NOTHING, ({ left }) => [left], isShallowEqual).join();
    const view = await hydrate(renderToString(<Inline />), <Inline />);
    expect([view.text, view.errors]).toEqual(["5", []]);
  });
});
