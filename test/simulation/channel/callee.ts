import type { Call, CallClose, CallListener } from "../../../src/channel/call.ts";
import { okResult } from "../../../src/channel/frames.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { Broken, type Facts } from "../world.ts";
import { type MessageSink, Pump, Reader } from "./halves.ts";
import { type CallRecord, checkRead, payloadOf } from "./ledger.ts";

/** Serves one call and does in it what its plan says. */
export class Callee implements CallListener, MessageSink {
  private readonly record: CallRecord;
  private readonly facts: Facts;
  private readonly call: Call;
  private readonly pump: Pump;
  private readonly reader: Reader;
  /** How many replies go with the end. */
  private readonly withEnd: number;

  /** Begins to serve, as soon as the call is shown. */
  constructor(record: CallRecord, call: Call, clock: Clock, facts: Facts) {
    const { plan } = record;
    this.record = record;
    this.facts = facts;
    this.call = call;
    this.withEnd = plan.code === 0 && plan.replies.length > 0 ? 1 : 0;
    const sizes = plan.replies.slice(0, plan.replies.length - this.withEnd);
    this.pump = new Pump(call, sizes, 0, (index) => this.sendReply(index));
    this.reader = new Reader(clock, call, plan.calleeReads, this);
    call.listener = this;
    if (plan.hasHeaders) call.sendHeaders([{ name: "no", value: String(plan.no) }]);
    this.reader.wake();
    this.send();
  }

  /** Reads everything at once from now on. */
  finish(): void {
    this.reader.hurry();
    this.send();
  }

  readable(): void {
    this.reader.wake();
  }

  writable(): void {
    this.send();
  }

  headers(): void {
    throw new Broken(`call ${this.record.plan.no}: its callee hears of headers`);
  }

  closed(close: CallClose): void {
    const { record } = this;
    const { no } = record.plan;
    if (record.callee !== "running") throw new Broken(`call ${no} is closed although its callee has ${record.callee}`);
    if (close.kind === "overrun" || close.kind === "ended")
      throw new Broken(`call ${no}: its callee hears ${close.kind}`);
    const isStray = close.kind === "cancelled" && record.caller === "open" && record.callerProcess.isAlive;
    if (isStray) throw new Broken(`call ${no} is cancelled by nobody`);
    record.callee = close.kind;
  }

  take(message: Uint8Array): void {
    this.facts.count("messages");
    checkRead(this.record, "request", message);
  }

  exhausted(): void {
    this.endIfDone();
  }

  private send(): void {
    this.pump.run();
    this.endIfDone();
  }

  private sendReply(index: number): void {
    const { plan, replies } = this.record;
    replies.sent += 1;
    this.call.send(payloadOf(plan.no, "reply", index, plan.replies[index] ?? 0));
  }

  private endIfDone(): void {
    const { record } = this;
    const { plan } = record;
    if (record.callee !== "running" || this.call.isClosed || !this.pump.isDone) return;
    if (plan.calleeEnds === "drained" && !this.call.isDrained) return;
    record.callee = "ended";
    const index = plan.replies.length - 1;
    if (this.withEnd > 0) record.replies.sent += 1;
    const lastMessage = this.withEnd > 0 ? payloadOf(plan.no, "reply", index, plan.replies[index] ?? 0) : undefined;
    this.call.end({ ...okResult, code: plan.code, lastMessage });
  }
}
