import type { Clock } from "../core/clock.ts";
import type { Connection, ConnectionHandler, ConnectionListener, Transport } from "../transport/connection.ts";
import { systemClock } from "../transport/system-clock.ts";
import { ConnectionRecorder } from "./connection-recorder.ts";
import type { Tests } from "./declare-tests.ts";

/** A transport with something to dial, as the compliance suite wants it. Made anew for every test. */
export interface TransportHarness {
  /** The transport. */
  readonly transport: Transport;
  /** Where connections are accepted. */
  readonly endpoint: string;
  /** A well-formed endpoint where nobody accepts. */
  readonly refusedEndpoint: string;
  /** Who takes the connections that are accepted from now on. */
  accept(handler: ConnectionHandler): void;
  /** Sends a text message on the connection that was accepted last. Absent where the transport cannot carry one. */
  sendText?(text: string): void;
  /** A peer that opens connections and then neither reads nor answers. Absent where there can be none. */
  readonly silent?: SilentPeer;
  /** The time the transport lives in. Default: the system's. */
  readonly clock?: Clock;
  /** Waits until `predicate` holds. @returns false where it does not within `limitMs`. Default: waits in real time. */
  until?(predicate: () => boolean, limitMs: number): Promise<boolean>;
  /** Ends everything that the harness has started. */
  close(): Promise<void>;
}

/** Tests by what they hold. */
export type TransportTests = Tests<TransportHarness>;

/** See {@link TransportHarness.silent}. */
export interface SilentPeer {
  /** Where it is. */
  readonly endpoint: string;
  /** How much has to be sent for certain until some of it stays in the sender's buffer. */
  readonly floodBytes: number;
  /** Lets it read from now on. */
  read(): void;
}

/** One side of a connection under test. */
export interface Side {
  readonly connection: Connection;
  readonly heard: ConnectionRecorder;
}

/** Both sides of an open connection under test. */
export interface OpenPair {
  readonly client: Side;
  readonly server: Side;
}

const LIMIT_MS = 30_000;

/** Waits until `predicate` holds; throws with `claim` where it does not within 30 s. */
export async function waitUntil(harness: TransportHarness, claim: string, predicate: () => boolean): Promise<void> {
  const until = harness.until?.bind(harness) ?? untilInRealTime;
  if (!(await until(predicate, LIMIT_MS))) throw new Error(`expected within ${LIMIT_MS} ms: ${claim}`);
}

/** Dials `endpoint`, by default that of the harness, without waiting. */
export function dial(harness: TransportHarness, more?: Partial<ConnectionListener>, endpoint?: string): Side {
  const heard = new ConnectionRecorder(more);
  return { connection: harness.transport.dial(endpoint ?? harness.endpoint, heard), heard };
}

/** Opens a connection. */
export async function openPair(
  harness: TransportHarness,
  more: { readonly client?: Partial<ConnectionListener>; readonly server?: Partial<ConnectionListener> } = {},
): Promise<OpenPair> {
  const accepted: Side[] = [];
  harness.accept((connection) => {
    const heard = new ConnectionRecorder(more.server);
    accepted.push({ connection, heard });
    return heard;
  });
  const client = dial(harness, more.client);
  await waitUntil(harness, "a dialled connection opens", () => client.heard.has("opened") && accepted.length > 0);
  return { client, server: accepted[0] as Side };
}

/** Waits until both sides have heard `closed`. */
export async function waitClosed(harness: TransportHarness, { client, server }: OpenPair): Promise<void> {
  await waitUntil(harness, "both sides hear closed", () => client.heard.has("closed") && server.heard.has("closed"));
}

/** Lets everything that is under way arrive: one more connection opens, carries a message both ways, and closes. */
export async function waitQuiet(harness: TransportHarness): Promise<void> {
  const pair = await openPair(harness);
  pair.client.connection.send(Uint8Array.of(1));
  await waitUntil(harness, "a message arrives", () => pair.server.heard.messages.length === 1);
  pair.server.connection.close(1000, "");
  await waitClosed(harness, pair);
}

async function untilInRealTime(predicate: () => boolean, limitMs: number): Promise<boolean> {
  const endAt = systemClock.now() + limitMs;
  while (!predicate()) {
    if (systemClock.now() > endAt) return false;
    await new Promise<void>((resolve) => systemClock.setTimer(1, resolve));
  }
  return true;
}
