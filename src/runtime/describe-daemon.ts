import { base64Decode } from "@bufbuild/protobuf/wire";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import { parseEndpoint } from "../client/endpoint.ts";
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../transport/system-clock.ts";
import { checkFunction, checkRange, MAX_UINT32 } from "../wire/check-given.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { type ServerId, serverIdOf } from "../wire/server-id.ts";

/** Who a daemon says that it is. */
export interface DaemonDescription {
  /** Its server id, which its identity key has proved to be the right one for that key. */
  readonly serverId: ServerId;
  /** Its name, for people. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
}

/** What {@link describeDaemon} may be given. */
export interface DescribeOptions {
  /** As in a page. Default: that of `globalThis`. */
  readonly fetch?: typeof globalThis.fetch;
  /** The daemon must have answered by then, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
}

const TIMEOUT_MS = 10_000;
/** A description is far smaller. */
const MAX_BYTES = 16_384;

/**
 * Asks an address who is there: for a daemon of which nothing but the address is known. It needs no key and gives none
 * away. Nothing is proved by it beyond that somebody answers: the first hello that expects the server id proves the rest,
 * as far as TLS, or the own machine, does. A page of another site needs its origin in the daemon's `allowedOrigins`.
 * Spec: FLEET-10, FLEET-11.
 * @param endpoint As for a client: `wss://…`, or `ws://` to this machine.
 * @returns Rejects with a MoorlineError: ENDPOINT_MALFORMED, INSECURE_ENDPOINT; DAEMON_UNREACHABLE where nobody answers in
 *   time; NOT_A_DAEMON where what answers is something else, or says a server id that is not that of its key.
 */
export async function describeDaemon(endpoint: string, options: DescribeOptions = {}): Promise<DaemonDescription> {
  const { url } = parseEndpoint(endpoint);
  const { fetch: ask = globalThis.fetch, timeoutMs = TIMEOUT_MS } = options;
  checkFunction("fetch", ask);
  checkRange("timeoutMs", timeoutMs, 1, MAX_UINT32);
  const controller = new AbortController();
  const timer = (options.clock ?? systemClock).setTimer(timeoutMs, () => controller.abort());
  try {
    const response = await answerOf(ask(toHttp(url), { ...REQUEST, signal: controller.signal }));
    return readDescription(response.status, await answerOf(readText(response)));
  } finally {
    timer.cancel();
    controller.abort();
  }
}

/** Without cookies, and without leave to be sent elsewhere: what answers must be at the address itself. */
const REQUEST: RequestInit = {
  method: "POST",
  headers: { "content-type": "application/json", "connect-protocol-version": "1" },
  body: "{}",
  credentials: "omit",
  redirect: "error",
  cache: "no-store",
};

function toHttp(url: string): string {
  const { parent, name } = SessionService.method.describe;
  return `${url.replace(/^ws/, "http").replace(/\/+$/, "")}/${parent.typeName}/${name}`;
}

async function answerOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof MoorlineError) throw cause;
    throw new MoorlineError("DAEMON_UNREACHABLE", "Nobody has answered at the address.", { cause });
  }
}

async function readText(response: Response): Promise<string> {
  const length = Number(response.headers.get("content-length") ?? 0);
  if (length > MAX_BYTES) throw notADaemon("The answer is too long for a daemon's.");
  const text = await response.text();
  if (text.length > MAX_BYTES) throw notADaemon("The answer is too long for a daemon's.");
  return text;
}

function readDescription(status: number, text: string): DaemonDescription {
  if (status !== 200) throw notADaemon(`What answers there is no daemon, or does not say who it is: status ${status}.`);
  const { serverId, name, version, proved } = parse(text);
  if (proved !== serverId) throw notADaemon("The daemon says a server id that is not that of its identity key.");
  return { serverId: proved, name, version };
}

interface Answer extends Pick<DaemonDescription, "name" | "version"> {
  readonly serverId: string;
  /** The server id of the identity key. */
  readonly proved: ServerId;
}

/** Reads a DescribeResponse, four fields in all: the general reader of proto JSON is more than a page should load for it. */
function parse(text: string): Answer {
  try {
    const { server, identityKey } = JSON.parse(text) as Record<string, unknown>;
    const { serverId, name, version } = (server ?? {}) as Record<string, unknown>;
    const proved = serverIdOf(base64Decode(toText(identityKey)));
    return { serverId: toText(serverId), name: toText(name), version: toText(version), proved };
  } catch (cause) {
    throw notADaemon("What answers there is no daemon.", cause);
  }
}

/** A text of proto JSON, which leaves out empty ones. */
function toText(value: unknown = ""): string {
  if (typeof value !== "string") throw new TypeError("a field that should be a text is none");
  return value;
}

function notADaemon(text: string, cause?: unknown): MoorlineError {
  return new MoorlineError("NOT_A_DAEMON", text, cause === undefined ? {} : { cause });
}
