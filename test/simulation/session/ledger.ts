import type { ConnectError } from "@connectrpc/connect";
import { CallOutcome } from "../../../gen/moorline/session/v1/error_pb.ts";
import { outcomeOf } from "../../../src/rpc/call-errors.ts";
import type { CallPlan } from "./call-plan.ts";
import type { Judge } from "./judge.ts";
import { isSamePayload, payloadOf } from "./payload.ts";
import type { Process } from "./process.ts";

/** Tries that the SDK makes of a call that may be repeated. */
const MAX_TRIES = 4;

/** What both sides know of one call. */
export class CallRecord {
  readonly no: number;
  readonly plan: CallPlan;
  /** Who calls. */
  readonly caller: Process;
  readonly startedAtMs: number;
  /** How often its handler has begun. */
  runs = 0;
  /** Messages that the handler, and the caller, have got. */
  readonly got = { up: 0, down: 0 };
  /** The caller has given up by itself. */
  hasLeft = false;
  /** `ok`, the error, or undefined as long as the caller waits. */
  result: "ok" | ConnectError | undefined = undefined;
  private readonly judge: Judge;

  constructor(judge: Judge, no: number, plan: CallPlan, caller: Process) {
    this.judge = judge;
    this.no = no;
    this.plan = plan;
    this.caller = caller;
    this.startedAtMs = caller.clock.now();
  }

  /** Its handler begins: once, unless the method may be repeated. */
  begin(): void {
    this.runs += 1;
    const most = this.plan.kind === "look" ? MAX_TRIES : 1;
    this.judge.claim(this.runs <= most, () => `call ${this.no} (${this.plan.kind}) has run ${this.runs} times`);
    this.judge.claim(!this.isNotSent, () => `call ${this.no} runs, but its caller was told NOT_SENT`);
    if (this.plan.kind === "look") this.got.up = 0;
  }

  /** A message came: it has to be the next one, and what was sent. */
  take(direction: "up" | "down", number: number, data: Uint8Array): void {
    const last = this.got[direction];
    this.got[direction] = number;
    this.judge.claim(number === last + 1, () => `call ${this.no}: message ${number} ${direction} came after ${last}`);
    const expected = payloadOf(this.no, direction, number, this.plan.bytes);
    this.judge.claim(
      isSamePayload(data, expected),
      () => `call ${this.no}: message ${number} ${direction} was changed`,
    );
  }

  /** The caller has its answer: everything has come, once. */
  succeed(): void {
    this.result = "ok";
    const { kind, messages, isFailing } = this.plan;
    const down = kind === "join" ? 1 : messages;
    this.judge.claim(
      this.got.down === down,
      () => `call ${this.no} ended well with ${this.got.down} of ${down} answers`,
    );
    this.judge.claim(this.got.up === messages || kind === "count", () => `call ${this.no} has lost requests`);
    this.judge.claim(this.runs > 0 && !isFailing, () => `call ${this.no} has succeeded, which its handler did not`);
  }

  /** The caller was told of a failure. */
  fail(error: ConnectError): void {
    this.result = error;
    const hasRun = this.runs > 0;
    this.judge.claim(!(this.isNotSent && hasRun), () => `call ${this.no} has run, but its caller was told NOT_SENT`);
  }

  /** Whether the caller was told that the call has had no effect. */
  private get isNotSent(): boolean {
    return typeof this.result === "object" && outcomeOf(this.result) === CallOutcome.NOT_SENT;
  }

  /** The call in a line. */
  describe(): string {
    const { no, plan, caller, runs, got } = this;
    return `call ${no} of ${caller.name}: ${plan.kind}, ${plan.messages} messages of ${plan.bytes} B, ran ${runs} times, got ${got.up} up, ${got.down} down`;
  }
}

/** Something that is not settled. */
interface OpenEntry {
  readonly owner: Process;
  readonly isCalleeThere: () => boolean;
  readonly what: () => string;
}

/** Every call of a world, and every other promise that has to be settled. */
export class Ledger {
  private readonly judge: Judge;
  private readonly records: CallRecord[] = [];
  /** Calls, and promises by what they are, that are not settled. */
  private readonly open = new Map<CallRecord | symbol, OpenEntry>();

  constructor(judge: Judge) {
    this.judge = judge;
  }

  /** Enters a call that is about to be made. @param isCalleeThere Whether it may end well. Default: yes. */
  add(plan: CallPlan, caller: Process, isCalleeThere: () => boolean = () => true): CallRecord {
    const record = new CallRecord(this.judge, this.records.length, plan, caller);
    this.records.push(record);
    this.open.set(record, { owner: caller, isCalleeThere, what: () => record.describe() });
    return record;
  }

  /** A handler was called, for a call of this number. */
  find(text: string): CallRecord | undefined {
    const record = this.records[Number(text)];
    this.judge.claim(record !== undefined, () => `a handler runs for a call ${text} that nobody has made`);
    return record;
  }

  /** A call has come to its end for its caller. */
  settle(record: CallRecord): void {
    this.open.delete(record);
    this.judge.facts.count(record.result === "ok" ? `${record.plan.kind} ok` : `${record.plan.kind} failed`);
  }

  /** Watches a promise that has to settle as long as its process lives; what it rejects with is no matter. */
  watch(promise: Promise<unknown>, owner: Process, what: string): void {
    const name = Symbol(what);
    this.open.set(name, { owner, isCalleeThere: () => true, what: () => `${what} of ${owner.name}` });
    const settle = (): void => void this.open.delete(name);
    promise.then(settle, settle);
  }

  /** What living processes still wait for. @param whose `anybody's`: also calls whose callee is gone, and may not know. */
  findOpen(whose: "answerable" | "anybody's"): string[] {
    const open: string[] = [];
    for (const [key, { owner, isCalleeThere, what }] of this.open) {
      if (!owner.isAlive) this.open.delete(key);
      else if (whose === "anybody's" || isCalleeThere()) open.push(what());
    }
    return open;
  }
}
