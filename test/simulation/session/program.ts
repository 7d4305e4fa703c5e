import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { SessionService } from "../../../gen/moorline/session/v1/service_pb.ts";
import type { Credential, LifecycleSignal, SessionKey } from "../../../src/client/index.ts";
import { keyToName } from "../../../src/server/handshake.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { EchoService } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { type CallPlan, drawCallPlan } from "./call-plan.ts";
import { ENDPOINTS } from "./daemon.ts";
import { judgeFailure } from "./failure-judge.ts";
import { type KeyedCaller, makeKeyedCall } from "./keyed-call.ts";
import type { CallRecord } from "./ledger.ts";
import { type Caller, makeCall } from "./make-call.ts";
import { Process } from "./process.ts";
import type { Scene } from "./scene.ts";
import { ScriptedLifecycle } from "./scripted-lifecycle.ts";
import { type ClientOwner, SoloOwner } from "./solo-owner.ts";
import { Standing } from "./standing.ts";
import { SwitchingOwner } from "./switching-owner.ts";
import { type ClientProgram, NO_CREDENTIAL } from "./watched-client.ts";

/** The calls that a program has open at once, at most. */
const MAX_OPEN_CALLS = 40;
/** A call that waits before its next try notices only then that there is none. */
const AFTERWARDS_MS = 1_000;
const SIGNALS: readonly LifecycleSignal[] = ["foreground", "hidden", "frozen", "online", "offline"];

/** One client program, from its start to its end: it makes calls and whatever else programs do. */
export class Program implements ClientProgram {
  readonly scene: Scene;
  readonly name: string;
  readonly process: Process;
  readonly key: SessionKey;
  readonly sessionRef: string;
  readonly standing: Standing;
  readonly lifecycle = new ScriptedLifecycle();
  readonly credential: ClientProgram["credential"];
  readonly owner: ClientOwner;
  private readonly sessionHash: string;
  private readonly random: SimulatedRandom;
  private openCalls = 0;
  private isActing = true;
  private isAtRest = false;

  constructor(scene: Scene, name: string, key: SessionKey) {
    const { random, network, credentials, plan } = scene;
    const kind = random.int(4);
    this.scene = scene;
    this.name = name;
    this.key = key;
    const { sessionRef, sessionHash } = keyToName(key);
    this.sessionRef = sessionRef;
    this.sessionHash = sessionHash;
    this.random = random.fork();
    this.process = new Process(network.host(name));
    this.standing = new Standing(kind === 0);
    this.credential = credentials.areNeeded ? () => this.giveCredential() : undefined;
    const isSwitching = kind === 0;
    this.owner = isSwitching
      ? new SwitchingOwner(this, ENDPOINTS, random.chance(0.5))
      : new SoloOwner(this, random.pick(ENDPOINTS));
    this.planAct(plan.actGapMs);
    this.planAsking();
  }

  /** Whether it is awake, at rest, and connected. */
  get isCalm(): boolean {
    return this.isAtRest && this.owner.isConnected;
  }

  /** Does nothing by itself from now on, but wants to be connected. */
  rest(): void {
    this.isActing = false;
    if (this.lifecycle.isHidden) this.lifecycle.signal("foreground");
    if (this.owner.phase === "idle") this.owner.ask();
    this.isAtRest = true;
  }

  /** Makes a call. @returns What came of it, when it is over. */
  async call(plan: CallPlan): Promise<CallRecord> {
    this.openCalls += 1;
    const { ledger, judge } = this.scene;
    const echo = this.owner.service(EchoService);
    const caller: Caller = {
      ...{ process: this.process, ledger, echo },
      judgeFailure: (record, error) =>
        judgeFailure(judge, record, error, (reason) => {
          return this.knowsOf(reason, record.startedAtMs, record.plan.kind === "look");
        }),
    };
    const record = await makeCall(caller, plan);
    this.openCalls -= 1;
    return record;
  }

  /** Ends the program in good order. Its process goes on for a while. */
  end(how: "close" | "dispose"): void {
    this.scene.network.note(`${this.name} ends by ${how}`);
    this.isActing = false;
    const ended = this.owner.end(how);
    this.scene.ledger.watch(ended, this.process, how);
    void ended.then(() => this.process.pause(AFTERWARDS_MS)).then(() => this.judgeEnd());
  }

  /** What has to be true when the program has ended: nothing of its client is left. */
  private judgeEnd(): void {
    const { judge } = this.scene;
    const { pendingTimers } = this.process.clock;
    judge.claim(pendingTimers === 0, () => `${this.name} has ended, and its client has ${pendingTimers} timers`);
    judge.claim(this.lifecycle.listenerCount === 0, () => `${this.name} has ended, and its client still listens`);
    const { runningHandlers } = this.process;
    judge.claim(runningHandlers === 0, () => `${this.name} has ended, and ${runningHandlers} of its handlers run`);
  }

  /** Whether a call may have failed because its channel is lost. */
  private knowsOf(reason: ChannelLossReason, startedAtMs: number, isRepeatable: boolean): boolean {
    const { losses, isDone, mayStop, mayBeSuperseded } = this.standing;
    if (reason === ChannelLossReason.CLIENT_STOPPED) {
      const isEnded = isDone || mayStop || this.scene.endedRefs.has(this.sessionRef);
      // A client that was superseded takes no calls any more; those that run go on.
      const isNew = this.process.clock.now() === startedAtMs || isRepeatable;
      return isEnded || (mayBeSuperseded && isNew);
    }
    // Said by a daemon that drains, of a call that its channel has survived.
    return losses.has(reason) || reason === ChannelLossReason.DRAINED;
  }

  private planAct(gapMs: number): void {
    void this.process.pause(2 * gapMs * this.random.unit()).then(() => {
      if (!this.isActing) return;
      this.act();
      this.planAct(gapMs);
    });
  }

  /** A program that was stopped asks again after a while, as its user would have it do. */
  private planAsking(): void {
    void this.process.pause(5_000 + 10_000 * this.random.unit()).then(() => {
      if (this.standing.isDone) return;
      if (this.owner.isStopped) this.owner.ask();
      this.planAsking();
    });
  }

  private act(): void {
    const { random, owner } = this;
    const kind = random.int(100);
    if (kind < 15) this.callKeyed();
    else if (kind < 75) this.callSome(1);
    else if (kind < 81) this.callSome(5);
    else if (kind < 86) this.lifecycle.signal(random.pick(SIGNALS));
    else if (kind < 92) this.ping();
    else if (kind < 94) owner.ask();
    else if (kind < 99) owner.switchPath();
    else if (random.chance(0.2)) this.endSession();
  }

  private callSome(count: number): void {
    for (let i = 0; i < count && this.openCalls < MAX_OPEN_CALLS; i += 1) void this.call(drawCallPlan(this.random));
  }

  /** One or two calls under a key: a new one, or one that was asked for by anybody of this session, dead or alive. */
  private callKeyed(): void {
    const { process, random, scene, owner } = this;
    const { keyed: book, ledger } = scene;
    const isLost: KeyedCaller["isLost"] = (reason, startedAtMs) => this.knowsOf(reason, startedAtMs, true);
    const caller: KeyedCaller = { process, book, random, isLost, echo: owner.service(EchoService) };
    const request = book.draw(random, this.sessionHash);
    for (let times = random.chance(0.2) ? 2 : 1; times > 0; times -= 1) {
      ledger.watch(makeKeyedCall(caller, request), process, request.text);
    }
  }

  private ping(): void {
    const { ledger } = this.scene;
    ledger.watch(this.owner.ping(this.random.int(16 * 1024)), this.process, "ping");
  }

  private endSession(): void {
    const { endedRefs, ledger } = this.scene;
    endedRefs.add(this.sessionRef);
    ledger.watch(this.owner.service(SessionService).end({}), this.process, "end of the session");
  }

  private giveCredential(): Credential | Promise<Credential> {
    const { credentials } = this.scene;
    const give = (): Credential => {
      if (this.standing.mayStop && this.random.chance(0.1)) throw new Error(NO_CREDENTIAL);
      return { bearerToken: credentials.issue(this.name) };
    };
    if (this.random.chance(0.5)) return give();
    return this.process.pause(this.random.int(2_000)).then(give);
  }
}
