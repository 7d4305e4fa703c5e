import {
  type Client,
  ConnectError,
  type ContextValues,
  createContextValues,
  type ServiceImpl,
} from "@connectrpc/connect";
import {
  type ChannelTransport,
  type ChannelTransportOptions,
  createChannelTransport,
} from "../../../../src/rpc/channel-transport.ts";
import { type ServedChannel, type ServeOptions, serveChannel } from "../../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import type { LocalChannelLimits } from "../../../../src/wire/limits.ts";
import { EchoService, ReasonSchema, type SayRequest, type SayResponse } from "../gen/rpctest/v1/echo_pb.ts";
import { JoinedChannels } from "./joined-channels.ts";

/** What serves the echo service in a test. */
export type EchoImpl = Partial<ServiceImpl<typeof EchoService>>;

/** A client of the echo service. */
export type EchoClient = Client<typeof EchoService>;

/** A client and a server of the echo service on a channel in simulated time, connected. */
export interface EchoStage {
  readonly pair: JoinedChannels;
  readonly clock: SimulatedClock;
  readonly client: EchoClient;
  readonly transport: ChannelTransport;
  readonly served: ServedChannel;
}

/** Sets the stage. */
export function stageEcho(
  impl: EchoImpl,
  options: {
    readonly limits?: Partial<LocalChannelLimits>;
    readonly believed?: Partial<LocalChannelLimits>;
    readonly transport?: Partial<ChannelTransportOptions>;
    readonly serve?: Partial<ServeOptions>;
  } = {},
): EchoStage {
  const clock = new SimulatedClock();
  const pair = new JoinedChannels(clock, options.limits, options.believed ?? options.limits).attach();
  const serve = { clock, ...options.serve };
  const served = serveChannel(pair.server, (router) => void router.service(EchoService, impl), serve);
  const random = { unit: () => 0.5 };
  const transport = createChannelTransport({ channel: pair.client, clock, random, ...options.transport });
  return { pair, clock, transport, served, client: createServiceClient(EchoService, transport) };
}

/** What a promise has come to by now, with everything settled that can without time passing. */
export type Outcome<T> =
  | { readonly state: "pending" }
  | { readonly state: "fulfilled"; readonly value: T }
  | { readonly state: "rejected"; readonly error: ConnectError };

/** Watches a promise, so that a test can look at it without waiting. */
export function watch<T>(promise: Promise<T>): { outcome: Outcome<T> } {
  const watched: { outcome: Outcome<T> } = { outcome: { state: "pending" } };
  promise.then(
    (value) => {
      watched.outcome = { state: "fulfilled", value };
    },
    (error: unknown) => {
      watched.outcome = { state: "rejected", error: ConnectError.from(error) };
    },
  );
  return watched;
}

/** Watches promises of any kind. */
export function watchAll(promises: readonly Promise<unknown>[]): { outcome: Outcome<unknown> }[] {
  return promises.map((promise) => watch(promise));
}

/** The error of a promise that has to be rejected by now. */
export async function errorOf(stage: Pick<EchoStage, "clock">, promise: Promise<unknown>): Promise<ConnectError> {
  const watched = watch(promise);
  await stage.clock.settle();
  if (watched.outcome.state !== "rejected") throw new Error(`not rejected but ${watched.outcome.state}`);
  return watched.outcome.error;
}

/** The value of a promise that has to be fulfilled by now. */
export async function resultOf<T>(stage: Pick<EchoStage, "clock">, promise: Promise<T>): Promise<T> {
  const watched = watch(promise);
  await stage.clock.settle();
  if (watched.outcome.state === "pending") throw new Error("still pending");
  if (watched.outcome.state === "rejected") throw watched.outcome.error;
  return watched.outcome.value;
}

/** All messages of a stream. */
export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** Context values of one entry. */
export function values<T>(key: { readonly id: symbol; readonly defaultValue: T }, value: T): ContextValues {
  return createContextValues().set(key, value);
}

/** An iterable of the given requests. */
export async function* requests(...texts: readonly string[]): AsyncGenerator<{ text: string }, void> {
  for (const text of texts) yield { text };
}

/** A promise that never settles. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

/** The why of each detail of an error. */
export function reasonsOf(error: ConnectError): string[] {
  return error.findDetails(ReasonSchema).map(({ why }) => why);
}

export type { SayRequest, SayResponse };
