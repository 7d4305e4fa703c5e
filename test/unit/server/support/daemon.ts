import type { ServiceImpl } from "@connectrpc/connect";
import type { Transition } from "../../../../gen/moorline/state/v1/transition_pb.ts";
import {
  createDaemonServer,
  type DaemonServer,
  type DaemonServerOptions,
  type ServerEvent,
} from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { createMemoryPair, type MemoryPair } from "../../../../src/transport/memory.ts";
import { EchoService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import type { HelloInit } from "./hello.ts";
import { RawClient } from "./raw-client.ts";

/** The identity of every daemon here. */
export const identity = { publicKey: Uint8Array.from({ length: 32 }, (_, i) => i), name: "test", version: "1.2.3" };
/** Its server id. */
export const SERVER_ID = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0";
/** A daemon in simulated time, with its clients in the same process. */
export interface DaemonStage {
  readonly clock: SimulatedClock;
  readonly server: DaemonServer;
  readonly pair: MemoryPair;
  /** What the application has heard. */
  readonly events: ServerEvent[];
  readonly transitions: Transition[];
  /** What the server has written for people. */
  readonly written: unknown[][];
  /** A connection that has opened. */
  dial(): RawClient;
  /** A connection that has said hello, and heard what comes at once. */
  greet(init?: HelloInit): RawClient;
}

/** Options of {@link stageDaemon}. */
export interface StageOptions extends Partial<DaemonServerOptions> {
  /** What serves the echo service. */
  readonly echo?: Partial<ServiceImpl<typeof EchoService>>;
  /** The clock, for a daemon that is started again. */
  readonly simulated?: SimulatedClock;
  /** Chance. */
  readonly seed?: number;
}

/** Sets the stage. Everybody is let in, unless the options say something else. */
export function stageDaemon({ echo, simulated, seed = 1, ...options }: StageOptions = {}): DaemonStage {
  const clock = simulated ?? new SimulatedClock();
  const events: ServerEvent[] = [];
  const transitions: Transition[] = [];
  const written: unknown[][] = [];
  const server = createDaemonServer({
    identity,
    clock,
    random: new SimulatedRandom(seed),
    routes: (router) => void router.service(EchoService, echo ?? {}),
    onEvent: (event) => events.push(event),
    onTransition: (transition) => transitions.push(transition),
    logger: { warn: (...args) => written.push(args), error: (...args) => written.push(args) },
    ...(options.authenticate === undefined ? { insecureNoAuth: true } : {}),
    ...options,
  });
  const pair = createMemoryPair(clock);
  pair.accept((connection) => server.accept(connection));
  const dial = (): RawClient => {
    const client = new RawClient();
    client.connection = pair.transport.dial("ws://localhost/", client);
    clock.advance(0);
    return client;
  };
  const greet = (init?: HelloInit): RawClient => {
    const client = dial();
    client.hello(init);
    clock.advance(0);
    return client;
  };
  return { clock, server, pair, events, transitions, written, dial, greet };
}
