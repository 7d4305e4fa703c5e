import type { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { HostRuntime } from "../../../src/runtime/host-runtime.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { EchoService } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { type CallKind, type CallPlan, plainCall } from "../session/call-plan.ts";
import type { EchoClient } from "../session/echo-service.ts";
import { judgeFailure } from "../session/failure-judge.ts";
import { makeKeyedCall } from "../session/keyed-call.ts";
import type { CallRecord } from "../session/ledger.ts";
import { makeCall } from "../session/make-call.ts";
import type { Process } from "../session/process.ts";
import type { HostScene } from "./host-scene.ts";
import type { TabStanding } from "./tab-standing.ts";

/** Calls that a tab has open at once, at most. */
const MAX_OPEN_CALLS = 10;

/** What makes the calls of a tab. */
export interface CallingTab {
  readonly scene: HostScene;
  readonly process: Process;
  readonly runtime: HostRuntime;
  readonly standing: TabStanding;
  readonly sessionHash: string;
}

/** The calls of a tab, each entered in the ledger and judged. */
export class TabCalls {
  private readonly tab: CallingTab;
  private readonly random: SimulatedRandom;
  private open = 0;

  constructor(tab: CallingTab) {
    this.tab = tab;
    this.random = tab.scene.random.fork();
  }

  /** Makes some call. */
  makeSome(): void {
    if (this.open >= MAX_OPEN_CALLS) return;
    if (this.random.chance(0.25)) this.makeKeyed();
    else void this.make(this.draw());
  }

  /** Makes a call. @returns What came of it, when it is over. */
  async make(plan: CallPlan): Promise<CallRecord> {
    const { scene, process, standing } = this.tab;
    this.open += 1;
    const record = await makeCall(
      {
        ...{ process, ledger: scene.ledger, echo: this.echo },
        judgeFailure: (failed, error) => judgeFailure(scene.judge, failed, error, (reason) => standing.knowsOf(reason)),
      },
      plan,
    );
    this.open -= 1;
    return record;
  }

  private get echo(): EchoClient {
    return this.tab.runtime.service(EchoService);
  }

  private makeKeyed(): void {
    const { scene, process, standing, sessionHash } = this.tab;
    const { keyed: book, ledger } = scene;
    const isLost = (reason: ChannelLossReason): boolean => standing.knowsOf(reason);
    const request = book.draw(this.random, sessionHash);
    const call = makeKeyedCall({ process, book, random: this.random, echo: this.echo, isLost }, request);
    ledger.watch(call, process, request.text);
  }

  private draw(): CallPlan {
    const { random } = this;
    const kind = random.pick<CallKind>(["say", "look", "count", "count", "count", "join", "talk"]);
    const isUnary = kind === "say" || kind === "look";
    return {
      ...plainCall,
      kind,
      messages: isUnary ? 1 : 1 + random.int(12),
      bytes: random.chance(0.2) ? random.int(4_000) : random.int(100),
      producerGapMs: random.chance(0.7) ? random.int(isUnary ? 2_000 : 700) : 0,
      isFailing: random.chance(0.05),
      cancelAfterMs: random.chance(0.05) ? random.int(3_000) : undefined,
      timeoutMs: random.chance(0.05) ? random.pick([20, 2_000]) : undefined,
    };
  }
}
