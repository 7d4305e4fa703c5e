/**
 * What happens to the program that a client is part of. `foreground`: it is shown, or shown again. `hidden`: it is in the
 * background. `frozen`: it is about to be stopped for a while. `online`, `offline`: what the system believes of the network.
 */
export type LifecycleSignal = "foreground" | "hidden" | "frozen" | "online" | "offline";

/** Where lifecycle signals come from. Injected, so that nothing in Moorline looks for a page by itself. */
export interface LifecycleSource {
  /**
   * Calls `listener` with every signal, until the function that comes back is called. Where the program is hidden already,
   * the listener hears so before this returns.
   */
  subscribe(listener: (signal: LifecycleSignal) => void): () => void;
}

/** The part of a page, or of a worker, that {@link createBrowserLifecycle} uses. */
export interface BrowserGlobals {
  /** As in a page; a worker has none and is never hidden. */
  readonly document?: EventTargetLike & { readonly visibilityState: string };
  /** As in a page or worker. */
  readonly addEventListener?: EventTargetLike["addEventListener"];
  /** As in a page or worker. */
  readonly removeEventListener?: EventTargetLike["removeEventListener"];
}

interface EventTargetLike {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The lifecycle of a program that is never hidden and never told of the network: a service, a command. The default. */
export const noLifecycle: LifecycleSource = { subscribe: () => () => {} };

/**
 * The lifecycle of a web page: `visibilitychange`, `pageshow` and `pagehide`, `freeze` and `resume`, `online` and `offline`.
 * @param globals Default: `globalThis`.
 */
export function createBrowserLifecycle(globals: BrowserGlobals = globalThis as BrowserGlobals): LifecycleSource {
  return {
    subscribe(listener) {
      const { document } = globals;
      const show = (): void => listener(document?.visibilityState === "hidden" ? "hidden" : "foreground");
      const handlers: Subscription[] = [
        [document, "visibilitychange", show],
        [document, "resume", show],
        [document, "freeze", () => listener("frozen")],
        [globals, "pageshow", show],
        [globals, "pagehide", () => listener("frozen")],
        [globals, "online", () => listener("online")],
        [globals, "offline", () => listener("offline")],
      ];
      for (const [target, type, handler] of handlers) target?.addEventListener?.(type, handler);
      if (document?.visibilityState === "hidden") listener("hidden");
      return () => {
        for (const [target, type, handler] of handlers) target?.removeEventListener?.(type, handler);
      };
    },
  };
}

type Subscription = readonly [target: Partial<EventTargetLike> | undefined, type: string, handler: () => void];
