import type { Call } from "../../../src/channel/call.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { Broken } from "../world.ts";
import type { CallPlan } from "./call-plan.ts";

/**
 * What became of a call at its caller: `open`; `refused` and `lost` as it was told; `cancelled` by itself; `ended` by the
 * callee.
 */
export type CallerState = "open" | "refused" | "cancelled" | "ended" | "lost";

/** What became of a call at its callee. */
export type CalleeState = "unseen" | "running" | "ended" | "cancelled" | "lost";

/** A process of the world. What happens in it ends when it dies, without a word. */
export interface Process {
  readonly isAlive: boolean;
}

/** What both sides know of one call. */
export interface CallRecord {
  readonly plan: CallPlan;
  readonly requests: { sent: number; read: number };
  readonly replies: { sent: number; read: number };
  readonly callerProcess: Process;
  callerCall: Call | undefined;
  calleeProcess: Process | undefined;
  calleeCall: Call | undefined;
  caller: CallerState;
  callee: CalleeState;
  /** The caller was told that the call never left. */
  isNotSent: boolean;
}

const POOL_BYTES = 1024 * 1024;
const pool = new SimulatedRandom(1).bytes(POOL_BYTES);

/** The content of a message: the same for the same call, direction and place, and hardly ever for two others. */
export function payloadOf(no: number, direction: "request" | "reply", index: number, size: number): Uint8Array {
  const mixed = Math.imul(no * 2 + (direction === "reply" ? 1 : 0), 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  const offset = (mixed >>> 0) % (POOL_BYTES - size);
  return pool.subarray(offset, offset + size);
}

/** The calls of a world, and what must be true of them. */
export class Ledger {
  readonly records: CallRecord[] = [];

  /** Enters a call that is about to be opened. */
  add(plan: CallPlan, callerProcess: Process): CallRecord {
    const record: CallRecord = {
      plan,
      requests: { sent: 0, read: 0 },
      replies: { sent: 0, read: 0 },
      callerProcess,
      callerCall: undefined,
      calleeProcess: undefined,
      calleeCall: undefined,
      caller: "open",
      callee: "unseen",
      isNotSent: false,
    };
    this.records.push(record);
    return record;
  }

  /** A call is shown to its callee: once at most, and never one that its caller knows not to have left. */
  serve(call: Call, process: Process): CallRecord {
    const record = this.find(call);
    const { no } = record.plan;
    if (record.callee !== "unseen") throw new Broken(`call ${no} is served twice`);
    if (record.isNotSent || record.caller === "refused") throw new Broken(`call ${no} is served but was NOT_SENT`);
    record.callee = "running";
    record.calleeCall = call;
    record.calleeProcess = process;
    return record;
  }

  /** The call of a caller or a callee. */
  find(call: Call): CallRecord {
    const no = Number(call.request.headers.find(({ name }) => name === "no")?.value);
    const record = this.records[no];
    if (record === undefined) throw new Broken(`call ${no} is served but was never opened`);
    return record;
  }

  /** Whether a call is over for its caller, and for its callee if there is one. A process that died is no party any more. */
  isSettled(record: CallRecord): boolean {
    const callerIsOver = record.caller !== "open" || !record.callerProcess.isAlive;
    const calleeIsOver = record.callee !== "running" || record.calleeProcess?.isAlive !== true;
    return callerIsOver && calleeIsOver;
  }

  /** What has to be true of a call at the end of the world. */
  checkSettled(record: CallRecord): void {
    const { plan, requests, replies } = record;
    if (!this.isSettled(record)) throw new Broken(`call ${plan.no} never ends: ${describe(record)}`);
    if (!record.callerProcess.isAlive || record.caller !== "ended") return;
    if (replies.read !== replies.sent) throw new Broken(`call ${plan.no} has lost replies: ${describe(record)}`);
    if (record.callee !== "ended") throw new Broken(`call ${plan.no} has ended by itself: ${describe(record)}`);
    const isWhole = plan.calleeEnds === "early" || requests.read === requests.sent;
    if (!isWhole) throw new Broken(`call ${plan.no} has lost requests: ${describe(record)}`);
  }
}

/** A message was read: it has to be the next one, and what was sent. */
export function checkRead(record: CallRecord, direction: "request" | "reply", message: Uint8Array): void {
  const { plan } = record;
  const half = direction === "request" ? record.requests : record.replies;
  const sizes = direction === "request" ? plan.requests : plan.replies;
  const index = half.read;
  half.read += 1;
  if (half.read > half.sent) throw new Broken(`call ${plan.no}: ${direction} ${index} is read but was never sent`);
  const expected = payloadOf(plan.no, direction, index, sizes[index] ?? 0);
  if (Buffer.compare(expected, message) !== 0) {
    throw new Broken(
      `call ${plan.no}: ${direction} ${index} of ${expected.length} B is another one, ${message.length} B`,
    );
  }
}

/** A call in a line. */
export function describe({ plan, requests, replies, caller, callee }: CallRecord): string {
  const halves = `requests ${requests.read}/${requests.sent}/${plan.requests.length}, replies ${replies.read}/${replies.sent}/${plan.replies.length}`;
  return `caller ${caller}, callee ${callee}, ${halves} (read/sent/planned)`;
}
