import type { Call } from "../../../src/channel/call.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import type { SimulatedHost, SimulatedRandom } from "../../../src/testing/index.ts";
import type { Facts } from "../world.ts";
import { drawPlan } from "./call-plan.ts";
import { Callee } from "./callee.ts";
import { Caller } from "./caller.ts";
import { Ledger } from "./ledger.ts";

/** How many calls a world has in all. */
const MAX_CALLS = 30;
/** How long it takes until somebody makes another call, at most. */
const MAX_GAP_MS = 1_200;

/** Makes and serves the calls of a world, on every channel, from both ends. */
export class Traffic {
  readonly ledger = new Ledger();
  readonly callers: Caller[] = [];
  private readonly callees: Callee[] = [];
  private readonly random: SimulatedRandom;
  private readonly facts: Facts;
  private phase: "busy" | "ending" = "busy";

  constructor(random: SimulatedRandom, facts: Facts) {
    this.random = random;
    this.facts = facts;
  }

  /** A channel was made: its calls are served, and calls are made on it as long as the world is busy. */
  join(channel: Channel, host: SimulatedHost): void {
    channel.onCall = (call) => this.serve(call, host);
    this.makeCalls(channel, host);
  }

  /** Makes no more calls. */
  end(): void {
    this.phase = "ending";
  }

  /** Lets everybody read, and ends the halves of calls that would last. */
  finish(): void {
    for (const caller of this.callers) caller.finish();
    for (const callee of this.callees) callee.finish();
  }

  private makeCalls(channel: Channel, host: SimulatedHost): void {
    if (this.phase === "ending" || channel.lossReason !== undefined) return;
    if (this.ledger.records.length < MAX_CALLS) this.makeCall(channel, host);
    host.clock.setTimer(this.random.between(0, MAX_GAP_MS), () => this.makeCalls(channel, host));
  }

  private makeCall(channel: Channel, host: SimulatedHost): void {
    const record = this.ledger.add(drawPlan(this.random, this.ledger.records.length), host);
    const caller = Caller.start(record, channel, host.clock, this.facts);
    if (caller !== undefined) this.callers.push(caller);
  }

  private serve(call: Call, host: SimulatedHost): void {
    const record = this.ledger.serve(call, host);
    this.callees.push(new Callee(record, call, host.clock, this.facts));
  }
}
