import {
  createDaemonClient,
  createSessionKey,
  type DaemonClient,
  type LifecycleSignal,
} from "../../../src/client/index.ts";
import { createWsTransport } from "../../../src/node/index.ts";
import { createHurriedClock } from "./hurried-clock.ts";

/** A client dials 20 times, then once in 3 s: with so many deaths of its daemon it would mostly wait. */
const HURRY = 10;

/** The way of a client to its daemon, which listens on another port each time it is started. */
export interface Way {
  readonly client: DaemonClient;
  /** The daemon listens here from now on, and the client is told that it is worth a try. */
  leadTo(endpoint: string): void;
  /** The daemon is no more: its port may be given to somebody else. */
  leadNowhere(): void;
}

/** Nobody listens there. */
const NOWHERE = "ws://127.0.0.1:1/";

/** A client of a daemon that is not there yet. @param serverId The daemon. */
export function createWay(serverId: string): Way {
  const transport = createWsTransport();
  const listeners = new Set<(signal: LifecycleSignal) => void>();
  let present = NOWHERE;
  const client = createDaemonClient({
    endpoint: NOWHERE,
    expectedServerId: serverId,
    sessionKey: createSessionKey(),
    client: { name: "crash", version: "1" },
    transport: { name: transport.name, dial: (_, listener) => transport.dial(present, listener) },
    lifecycle: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    defaultTimeoutMs: 0,
    clock: createHurriedClock(HURRY),
  });
  return {
    client,
    leadTo(endpoint) {
      present = endpoint;
      for (const listener of listeners) listener("online");
    },
    leadNowhere() {
      present = NOWHERE;
    },
  };
}
