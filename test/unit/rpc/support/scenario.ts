import { setImmediate } from "node:timers/promises";
import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { createChannelTransport } from "../../../../src/rpc/channel-transport.ts";
import { serveChannel } from "../../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import { systemClock } from "../../../../src/transport/system-clock.ts";
import { EchoService } from "../gen/rpctest/v1/echo_pb.ts";
import { type EchoClient, type EchoImpl, reasonsOf } from "./echo.ts";
import { JoinedChannels } from "./joined-channels.ts";

/** Writes down what happened. */
export type Log = (event: string) => void;

/** Something that must go the same way on every transport. */
export interface Scenario {
  /** What it shows. */
  readonly name: string;
  /** The handlers. */
  readonly impl: (log: Log) => EchoImpl;
  /** Interceptors of the client, and of the server. */
  readonly interceptors?: (log: Log) => { readonly client?: Interceptor[]; readonly server?: Interceptor[] };
  /** What the client does. */
  readonly run: (client: EchoClient, log: Log) => Promise<void>;
  /** What has to be written down. `any`: in whatever order, because the two sides do not wait for each other. Default `same`. */
  readonly order?: "same" | "any";
  /** What has to be written down. */
  readonly expected: readonly string[];
}

/** Changes nothing, and takes the way of those that do. */
const passing: Interceptor = (next) => (request) => next({ ...request });

/**
 * How a scenario can be played: on Connect's own transport in memory, and on a channel with either client, where calls
 * without interceptors take a shorter way than those with.
 */
export const stages: ReadonlyArray<readonly [name: string, play: (scenario: Scenario) => Promise<string[]>]> = [
  ["Connect in memory", playOnConnect],
  ["a channel, Connect's client", (scenario) => playOnChannel(scenario, createClient)],
  ["a channel, our client", (scenario) => playOnChannel(scenario, createServiceClient)],
  ["a channel, with interceptors", (scenario) => playOnChannel(scenario, createServiceClient, [passing])],
];

async function playOnConnect(scenario: Scenario): Promise<string[]> {
  const events: string[] = [];
  const log: Log = (event) => events.push(event);
  const { client = [], server = [] } = scenario.interceptors?.(log) ?? {};
  const transport = createRouterTransport((router) => void router.service(EchoService, scenario.impl(log)), {
    router: { interceptors: server },
    transport: { interceptors: client },
  });
  await scenario.run(createClient(EchoService, transport), log);
  await breathe();
  return events;
}

async function playOnChannel(
  scenario: Scenario,
  create: typeof createServiceClient | typeof createClient,
  interceptors: readonly Interceptor[] = [],
): Promise<string[]> {
  const events: string[] = [];
  const log: Log = (event) => events.push(event);
  const { client = [], server = [] } = scenario.interceptors?.(log) ?? {};
  const pair = new JoinedChannels(systemClock).attach();
  const routes = { clock: systemClock, interceptors: [...interceptors, ...server] };
  serveChannel(pair.server, (router) => void router.service(EchoService, scenario.impl(log)), routes);
  const random = { unit: () => 0.5 };
  const transport = createChannelTransport({
    channel: pair.client,
    clock: systemClock,
    random,
    interceptors: [...interceptors, ...client],
  });
  await scenario.run((create as typeof createServiceClient)(EchoService, transport), log);
  await breathe();
  pair.detach();
  return [...events, ...pair.violations];
}

/** Far more turns of the event loop than anything takes that both ends of a call in one process do. */
const TURNS = 200;

/** Lets what the peer has yet to notice happen. */
export async function breathe(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
}

/** Writes down how a promise ended. */
export async function report(log: Log, promise: Promise<unknown>): Promise<void> {
  await promise.catch((error: unknown) => {
    log(describeError(error));
  });
}

/** An error as a line: code, message, details, and metadata that is not the protocol's. */
export function describeError(error: unknown): string {
  if (!(error instanceof ConnectError)) return `no ConnectError: ${error}`;
  const parts = [Code[error.code], error.rawMessage, ...reasonsOf(error).map((why) => `because ${why}`)];
  return [...parts, ...describeHeaders(error.metadata)].join(" | ");
}

/** Headers as lines: those of tests begin with `x-`. */
export function describeHeaders(headers: Headers): string[] {
  return [...headers].filter(([name]) => name.startsWith("x-")).map(([name, value]) => `${name}=${value}`);
}
