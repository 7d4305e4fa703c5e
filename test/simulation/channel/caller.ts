import { CallOutcome } from "../../../gen/moorline/session/v1/error_pb.ts";
import { type Call, type CallClose, type CallListener, LimitError } from "../../../src/channel/call.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { Broken, type Facts } from "../world.ts";
import { type MessageSink, Pump, Reader } from "./halves.ts";
import { type CallRecord, checkRead, payloadOf } from "./ledger.ts";

/** RESOURCE_EXHAUSTED: how a call ends that the peer does not take. */
const RESOURCE_EXHAUSTED = 8;

/** Makes one call and does in it what its plan says. */
export class Caller implements CallListener, MessageSink {
  private readonly record: CallRecord;
  private readonly facts: Facts;
  private readonly call: Call;
  private readonly pump: Pump;
  private readonly reader: Reader;

  /** Opens the call. Undefined where the channel refuses it. */
  static start(record: CallRecord, channel: Channel, clock: Clock, facts: Facts): Caller | undefined {
    try {
      return new Caller(record, channel, clock, facts);
    } catch (error) {
      if (!(error instanceof LimitError) || error.limit !== "CALLS") throw error;
      record.caller = "refused";
      facts.count("calls refused by the opener");
      return undefined;
    }
  }

  private constructor(record: CallRecord, channel: Channel, clock: Clock, facts: Facts) {
    const { plan } = record;
    const { no, requests } = plan;
    const isFirstWithOpen = plan.isFirstWithOpen && requests.length > 0;
    this.record = record;
    this.facts = facts;
    this.call = channel.open({
      method: "sim.Traffic/Run",
      headers: [{ name: "no", value: String(no) }],
      credit: plan.credit,
      last: plan.requestsEnd === "last" && requests.length === (isFirstWithOpen ? 1 : 0),
      listener: this,
      ...(isFirstWithOpen ? { message: payloadOf(no, "request", 0, requests[0] ?? 0) } : {}),
    });
    record.callerCall = this.call;
    record.requests.sent = isFirstWithOpen ? 1 : 0;
    this.pump = new Pump(this.call, requests, record.requests.sent, (index) => this.sendRequest(index));
    this.reader = new Reader(clock, this.call, plan.callerReads, this);
    if (plan.cancelAfterMs === 0) this.cancel();
    else if (plan.cancelAfterMs !== undefined) clock.setTimer(plan.cancelAfterMs, () => this.cancel());
    this.send();
    this.reader.wake();
  }

  /** Whether the call waits for nothing but `finish`. */
  get isIdle(): boolean {
    const { plan, requests, replies, callee, callerProcess, caller } = this.record;
    if (caller !== "open" || !callerProcess.isAlive) return true;
    const withEnd = plan.code === 0 ? 1 : 0;
    const hasAllReplies = replies.read === replies.sent && replies.read >= plan.replies.length - withEnd;
    const hasAllRequests = requests.read === plan.requests.length;
    return plan.requestsEnd === "never" && hasAllRequests && hasAllReplies && callee === "running";
  }

  /** Ends the half of a call that would last. */
  finish(): void {
    this.reader.hurry();
    if (this.record.plan.requestsEnd === "never") this.call.halfClose();
  }

  readable(): void {
    this.reader.wake();
  }

  writable(): void {
    this.send();
  }

  headers(): void {
    const { plan, replies } = this.record;
    if (!plan.hasHeaders) throw new Broken(`call ${plan.no} has got headers that nobody sent`);
    if (replies.read > 0) throw new Broken(`call ${plan.no} has got its headers behind a message`);
  }

  closed(close: CallClose): void {
    const { record } = this;
    const { no } = record.plan;
    if (record.caller !== "open") throw new Broken(`call ${no} is closed although it was ${record.caller}`);
    if (close.kind === "overrun" || close.kind === "cancelled") {
      throw new Broken(`call ${no}: its caller hears ${close.kind}`);
    }
    const isRefused = close.kind === "ended" && close.result.code === RESOURCE_EXHAUSTED;
    record.caller = isRefused ? "refused" : close.kind;
    record.isNotSent = close.kind === "lost" && close.outcome === CallOutcome.NOT_SENT;
    this.facts.count(`calls ${record.caller}${record.isNotSent ? " before they left" : ""}`);
    if (record.isNotSent && record.callee !== "unseen") throw new Broken(`call ${no} is NOT_SENT but was served`);
    this.reader.wake();
  }

  take(message: Uint8Array): void {
    this.facts.count("messages");
    checkRead(this.record, "reply", message);
  }

  exhausted(): void {}

  private send(): void {
    this.pump.run();
    if (this.pump.isDone && this.record.plan.requestsEnd === "half_close") this.call.halfClose();
  }

  private sendRequest(index: number): void {
    const { plan, requests } = this.record;
    const isLast = plan.requestsEnd === "last" && index === plan.requests.length - 1;
    requests.sent += 1;
    this.call.send(payloadOf(plan.no, "request", index, plan.requests[index] ?? 0), isLast);
  }

  private cancel(): void {
    if (this.call.isClosed || this.record.caller !== "open") return;
    this.record.caller = "cancelled";
    this.facts.count("calls cancelled");
    this.call.cancel();
  }
}
