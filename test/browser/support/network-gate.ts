import type { BrowserContext } from "playwright-core";

/** Stands between the pages of a window and their daemons, and lets nothing through that comes from these while it is shut. */
export interface NetworkGate {
  /** Holds what daemons send from now on, and new connections. */
  shut(): void;
  /** Lets everything through that was held, in order, and all that comes. */
  open(): void;
  /** Messages of daemons that were let through. */
  readonly passed: number;
}

/** Puts a gate around a window, before its first page is opened. It is open. */
export async function gateNetwork(context: BrowserContext): Promise<NetworkGate> {
  let gate = Promise.resolve();
  let open = (): void => {};
  let passed = 0;
  await context.routeWebSocket(/.*/, async (page) => {
    await gate;
    const server = page.connectToServer();
    let turn = Promise.resolve();
    server.onMessage((message) => {
      turn = turn.then(async () => {
        await gate;
        passed += 1;
        page.send(message);
      });
    });
  });
  return {
    shut() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    open: () => open(),
    get passed() {
      return passed;
    },
  };
}
