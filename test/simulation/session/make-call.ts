import { type CallOptions, ConnectError, createContextValues } from "@connectrpc/connect";
import { waitForReady } from "../../../src/rpc/context-keys.ts";
import type { SayResponse } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import type { CallPlan } from "./call-plan.ts";
import type { EchoClient } from "./echo-service.ts";
import type { CallRecord, Ledger } from "./ledger.ts";
import { payloadOf } from "./payload.ts";
import type { Process } from "./process.ts";

/** Who makes calls. */
export interface Caller {
  readonly process: Process;
  readonly ledger: Ledger;
  readonly echo: EchoClient;
  /** Whether the callee is still there. Default: always. */
  readonly isCalleeThere?: () => boolean;
  /** Judges what a call has failed with. */
  readonly judgeFailure: (record: CallRecord, error: ConnectError) => void;
}

/** Makes a call as its plan says, and notes every message and the end. @returns What came of it. Never rejects. */
export async function makeCall(caller: Caller, plan: CallPlan): Promise<CallRecord> {
  const { process, ledger } = caller;
  const record = ledger.add(plan, process, caller.isCalleeThere);
  const controller = new AbortController();
  const leave = (): void => {
    record.hasLeft = true;
    controller.abort();
  };
  if (plan.cancelAfterMs !== undefined) void process.pause(plan.cancelAfterMs, controller.signal).then(leave);
  const contextValues = createContextValues().set(waitForReady, plan.waitsForReady);
  const { timeoutMs } = plan;
  const options = { signal: controller.signal, contextValues, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  try {
    await run(caller, record, options);
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    record.fail(error);
    caller.judgeFailure(record, error);
  } finally {
    ledger.settle(record);
  }
  return record;
}

async function run(caller: Caller, record: CallRecord, options: CallOptions): Promise<void> {
  const { echo } = caller;
  const { kind } = record.plan;
  if (kind === "say" || kind === "look") take(record, await echo[kind](requestOf(record, 1), options));
  else if (kind === "join") take(record, await echo.join(produce(caller, record), options));
  else if (kind === "talk") await readAll(caller, record, echo.talk(produce(caller, record), options));
  else await readAll(caller, record, echo.count(requestOf(record, 1), options));
  if (record.plan.breakAfter === undefined || !record.hasLeft) record.succeed();
  else record.result = "ok";
}

async function readAll({ process }: Caller, record: CallRecord, answers: AsyncIterable<SayResponse>): Promise<void> {
  const { breakAfter, readerGapMs, stallMs } = record.plan;
  for await (const answer of answers) {
    take(record, answer);
    if (record.got.down === breakAfter) {
      record.hasLeft = true;
      return;
    }
    if (record.got.down === 1 && stallMs > 0) await process.pause(stallMs);
    if (readerGapMs > 0) await process.pause(readerGapMs);
  }
}

async function* produce({ process }: Caller, record: CallRecord) {
  const { messages, producerGapMs } = record.plan;
  for (let number = 1; number <= messages; number += 1) {
    yield requestOf(record, number);
    if (typeof producerGapMs === "number" && producerGapMs > 0) await process.pause(producerGapMs);
  }
}

function requestOf({ no, plan }: CallRecord, number: number): { text: string; count: number; data: Uint8Array } {
  return { text: String(no), count: number, data: payloadOf(no, "up", number, plan.bytes) };
}

function take(record: CallRecord, { number, data }: SayResponse): void {
  record.take("down", number, data);
}
