import { create, toJsonString } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ConnectionStateSchema } from "../../../../gen/moorline/machine/v1/connection_pb.ts";
import { type Transition, TransitionSchema } from "../../../../gen/moorline/state/v1/transition_pb.ts";
import type { DaemonClientOptions } from "../../../../src/client/client-options.ts";
import { createDaemonClient, type DaemonClient } from "../../../../src/client/daemon-client.ts";
import type { LifecycleSignal, LifecycleSource } from "../../../../src/client/lifecycle.ts";
import type { Random } from "../../../../src/core/random.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import { createMemoryPair, type MemoryPair } from "../../../../src/transport/memory.ts";
import { MoorlineError } from "../../../../src/wire/moorline-error.ts";
import { parseSessionKey } from "../../../../src/wire/session-key.ts";
import { EchoService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { ScriptedDaemon } from "./scripted-daemon.ts";

/** A session key of the right form, which must never be seen outside a hello. */
export const SESSION_KEY = parseSessionKey("SECRETSECRETSECRETSECRET01");

/** Chance without surprises: every wait by backoff is half of the longest. */
export const steadyRandom: Random = createSteadyRandom();

function createSteadyRandom(): Random {
  const seeded = new SimulatedRandom(7);
  return { unit: () => 0.5, bytes: (length) => seeded.bytes(length) };
}

/** What happens to the program, as a test says. */
export class ScriptedLifecycle implements LifecycleSource {
  private readonly listeners = new Set<(signal: LifecycleSignal) => void>();

  /** How many listen. */
  get listenerCount(): number {
    return this.listeners.size;
  }

  subscribe(listener: (signal: LifecycleSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells a signal. */
  signal(signal: LifecycleSignal): void {
    for (const listener of this.listeners) listener(signal);
  }
}

/** A client and a scripted daemon in one process, in simulated time. */
export interface Stage {
  readonly clock: SimulatedClock;
  readonly pair: MemoryPair;
  readonly daemon: ScriptedDaemon;
  readonly client: DaemonClient;
  readonly lifecycle: ScriptedLifecycle;
  /** What the daemon was asked by `say`. */
  readonly heard: string[];
  /** The transition log. */
  readonly transitions: Transition[];
  /** What was told to `onError`. */
  readonly errors: unknown[];
  /** The names of the states that were published. */
  readonly phases: string[];
  /** Every state that was published. */
  readonly snapshots: string[];
}

/** Sets the stage. The daemon serves echoes: `say` and `look` answer at once, `talk` echoes. */
export function stageClient(options: Partial<DaemonClientOptions> = {}): Stage {
  const clock = new SimulatedClock();
  const pair = createMemoryPair(clock);
  const heard: string[] = [];
  const daemon = new ScriptedDaemon(clock, (router) => void router.service(EchoService, createEcho(heard)));
  pair.accept((connection) => daemon.accept(connection));
  return { pair, daemon, heard, ...stageAt(clock, pair, options) };
}

/** Another client of the same daemon. */
export function stageAt(
  clock: SimulatedClock,
  pair: MemoryPair,
  options: Partial<DaemonClientOptions> = {},
): Omit<Stage, "daemon" | "pair" | "heard"> {
  const lifecycle = new ScriptedLifecycle();
  const transitions: Transition[] = [];
  const errors: unknown[] = [];
  const client = createDaemonClient({
    endpoint: "ws://127.0.0.1:7420",
    sessionKey: SESSION_KEY,
    client: { name: "test", version: "1.0.0" },
    transport: pair.transport,
    clock,
    random: steadyRandom,
    lifecycle,
    onTransition: (transition) => transitions.push(transition),
    onError: (error) => errors.push(error),
    ...options,
  });
  const phases: string[] = [];
  const snapshots: string[] = [];
  client.subscribe((state) => {
    phases.push(state.state.case ?? "?");
    snapshots.push(toJsonString(ConnectionStateSchema, create(ConnectionStateSchema, state)));
  });
  return { clock, client, lifecycle, transitions, errors, phases, snapshots };
}

/** Lets everything happen that can without time passing. */
export async function settle({ clock }: { readonly clock: SimulatedClock }): Promise<void> {
  await clock.settle();
}

/** Connects and waits for it. */
export async function connect(stage: Pick<Stage, "clock" | "client">): Promise<void> {
  const connected = stage.client.ensureConnected();
  await stage.clock.settle();
  await connected;
}

/** The MoorlineError that a promise is rejected with by now. */
export async function rejectionOf(stage: Pick<Stage, "clock">, promise: Promise<unknown>): Promise<MoorlineError> {
  let rejection: unknown = "pending";
  promise.then(
    () => {
      rejection = "fulfilled";
    },
    (error: unknown) => {
      rejection = error;
    },
  );
  await stage.clock.settle();
  if (rejection instanceof MoorlineError) return rejection;
  throw new Error(`not rejected with a MoorlineError but ${String(rejection)}`);
}

/** The state of a client, by name. */
export function phaseNameOf({ client }: Pick<Stage, "client">): string {
  return client.state.state.case ?? "?";
}

/** One line per transition: from, event, to, and whether it was ignored. */
export function linesOf({ transitions }: Pick<Stage, "transitions">): string[] {
  return transitions.map(
    ({ from, event, to, outcome }) => `${from} ${event} ${to}${outcome === 2 ? " (ignored)" : ""}`,
  );
}

/** Everything that a stage has emitted, as text. */
export function everythingSaid(stage: Pick<Stage, "transitions" | "errors" | "snapshots">): string {
  const transitions = stage.transitions.map((transition) => toJsonString(TransitionSchema, transition));
  const errors = stage.errors.map((error) =>
    error instanceof Error ? `${error.message} ${error.stack}` : String(error),
  );
  return [...transitions, ...errors, ...stage.snapshots].join("\n");
}

function createEcho(heard: string[]): Partial<ServiceImpl<typeof EchoService>> {
  return {
    say({ text, data }) {
      heard.push(text);
      return { text, data };
    },
    look: ({ text }) => ({ text }),
    async *talk(requests) {
      for await (const { text } of requests) yield { text };
    },
  };
}
