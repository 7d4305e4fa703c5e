import { setTimeout as wait } from "node:timers/promises";
import type { Cutter } from "./cutter.ts";
import type { DemoClient } from "./demo-client.ts";
import type { Progress } from "./messages.ts";

/** What happened at one fault, a row of the table. */
export interface Row extends Progress {
  /** What was done. */
  readonly event: string;
  /** What came of it, by its name in the schema. */
  readonly verdict: string;
  /** From the fault until the client was welcomed again, or items came again, in milliseconds. */
  readonly recoveredMs: number;
}

/** What faults work on. */
export interface Rig {
  /** Between client and daemon. */
  readonly cutter: Cutter;
  /** The client that is running. */
  readonly client: DemoClient;
}

/** How long the client is stopped. */
const STOP_MS = 3000;

/** A fault: it breaks something and waits until it is mended. */
export type Fault = (rig: Rig) => Promise<Row>;

/** The connection is reset. */
export const reset: Fault = async ({ cutter, client }) => {
  const welcomed = timed(client.next("welcomed"));
  cutter.reset();
  const { message, elapsedMs } = await welcomed;
  return { event: "connection reset", verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress };
};

/** The connection stays, and carries nothing any more: only silence tells. */
export const halfOpen: Fault = async ({ cutter, client }) => {
  const welcomed = timed(client.next("welcomed"));
  cutter.blackhole();
  const { message, elapsedMs } = await welcomed;
  return { event: "connection half-open", verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress };
};

/** The client's process is stopped and goes on; its connection lives through that. */
export const stopClient: Fault = async ({ client }) => {
  client.process.child.kill("SIGSTOP");
  await wait(STOP_MS);
  const progress = timed(Promise.race([client.next("shown"), client.next("welcomed")]));
  client.process.child.kill("SIGCONT");
  const { message, elapsedMs } = await progress;
  const verdict = message.type === "welcomed" ? message.resumption : "CONNECTED";
  return { event: `client stopped for ${STOP_MS / 1000} s`, verdict, recoveredMs: elapsedMs, ...message.progress };
};

/** What the client sent last on one connection arrives after the next connection took over. */
export const holdBack: Fault = async ({ cutter, client }) => {
  const welcomed = timed(client.next("welcomed"));
  const held = await cutter.holdBack();
  const released = held.release();
  const { message, elapsedMs } = await welcomed;
  const bytes = await released;
  const event = `old connection held back, its ${bytes} bytes late`;
  return { event, verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress };
};

/** Measures how long a promise takes from here on. */
export async function timed<T>(promise: Promise<T>): Promise<{ readonly message: T; readonly elapsedMs: number }> {
  const startMs = performance.now();
  const message = await promise;
  return { message, elapsedMs: Math.round(performance.now() - startMs) };
}
