import type { HandlerContext } from "@connectrpc/connect";
import type { AuthenticateRequest, Denial, Grant } from "../../../src/server/authenticate.ts";
import { type CallSession, callSession } from "../../../src/server/call-session.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { createIdentity } from "../../../src/server/identity.ts";
import { createDaemonServer, type DaemonServer } from "../../../src/server/server.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { EchoService } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { drawCallPlan } from "./call-plan.ts";
import { createEchoService } from "./echo-service.ts";
import { judgeFailure } from "./failure-judge.ts";
import { serveKeyed } from "./keyed-call.ts";
import { LateStore } from "./late-store.ts";
import type { CallRecord } from "./ledger.ts";
import { type Caller, makeCall } from "./make-call.ts";
import { watchProbe } from "./probe-watch.ts";
import { Process } from "./process.ts";
import type { Scene } from "./scene.ts";
import { serverLimitsOf } from "./session-plan.ts";
import { judgeErrorText, judgeText, judgeTransition } from "./transition-judge.ts";

/** Where the daemon listens: two ways to the same. */
export const ENDPOINTS = ["ws://127.0.0.1:7001/", "ws://127.0.0.1:7002/"] as const;

const identity = createIdentity({ name: "daemon", version: "1.0.0" });
/** The hook takes this long at most, but once in a while longer than the server waits. */
const LATE_MS = 1_500;
const TOO_LATE_MS = 12_000;

/** A process of the daemon that runs. */
interface Running {
  readonly process: Process;
  readonly server: DaemonServer;
}

/** The daemon of a world: one process after the other, with the same identity and store. */
export class Daemon {
  /** The daemon takes no new calls any more, until it is started again. */
  isDraining = false;
  private readonly scene: Scene;
  private readonly random: SimulatedRandom;
  private readonly store: LateStore;
  private running: Running | undefined = undefined;

  constructor(scene: Scene) {
    this.scene = scene;
    this.random = scene.random.fork();
    this.store = new LateStore(scene.plan.answers, this.random);
    this.start();
  }

  /** The server, while there is one. */
  get server(): DaemonServer | undefined {
    return this.running?.server;
  }

  /** The process, while there is one. */
  get process(): Process | undefined {
    return this.running?.process;
  }

  /** Starts a process, where none runs. */
  start(): void {
    if (this.running !== undefined) return;
    const { scene } = this;
    const process = new Process(scene.network.host("daemon"));
    const server = this.createServer(process);
    this.isDraining = false;
    this.running = { process, server };
    for (const endpoint of ENDPOINTS) {
      process.host.listen(endpoint, (connection) => watchProbe(scene, server, server.accept(connection)));
    }
  }

  /** Ends the process at once. @param told Whether clients hear of it. */
  crash(told: boolean): void {
    const { running } = this;
    if (running === undefined) return;
    this.judgeEnd(running);
    running.process.host.crash(told);
    this.running = undefined;
    this.scene.channels.epochEnded(this.scene.plan.answers === "atOnce");
  }

  /** Lets the calls come to their end, then ends the process. */
  drain(): void {
    const { running } = this;
    if (running !== undefined && !this.isDraining) running.process.perform(() => this.drainNow(running));
  }

  /** Ends the connections of a program and their channels. */
  revoke(program: string): void {
    const { running } = this;
    running?.process.perform(() => void running.server.revoke(program));
  }

  private drainNow(running: Running): void {
    const { scene } = this;
    this.isDraining = true;
    const drained = running.server.drain();
    scene.ledger.watch(drained, running.process, "drain");
    const end = (): void => {
      if (this.running === running) this.crash(true);
    };
    // The sockets still have to say what was put into them.
    void drained.then(() => running.process.pause(100)).then(end);
  }

  /** Ends the server for good, and looks what it has left. */
  async close(): Promise<void> {
    const { running } = this;
    if (running === undefined) return;
    this.isDraining = true;
    await running.server.close();
    this.judgeEnd(running);
    const { pendingTimers } = running.process.clock;
    this.scene.judge.claim(pendingTimers === 0, () => `a closed server has ${pendingTimers} timers`);
  }

  private createServer(process: Process): DaemonServer {
    const { scene } = this;
    const { judge, ledger, keyed: book } = scene;
    const service = createEchoService({
      process,
      ledger,
      began: (record, context) => this.began(process, record, context),
      keyed: (request, context) => serveKeyed(book, process, request, context),
    });
    return createDaemonServer({
      identity,
      routes: (router) => router.service(EchoService, service),
      authenticate: (request) => this.authenticate(process, request),
      store: this.store.open(process),
      journal: book.disk.open(process),
      limits: serverLimitsOf(scene.plan),
      clock: process.clock,
      random: this.random.fork(),
      onEvent: (event) => this.heard(process, event),
      onTransition: (transition) => judgeTransition(judge, transition),
      logger: {
        warn: (message) => judgeText(judge, message, "a warning"),
        error: (message, error) => {
          judgeErrorText(judge, error);
          judge.fail(`the server has logged: ${message}: ${error}`);
        },
      },
    });
  }

  private heard(process: Process, event: ServerEvent): void {
    const { channels, keyed, clock, hashes } = this.scene;
    channels.heard(event, clock.now());
    if (event.kind === "expired") keyed.disk.sessionOver(process, hashes.get(event.session.ref) ?? "");
  }

  /** What has to be true of the journal when nothing runs any more. */
  judgeJournal(): void {
    if (this.process !== undefined) this.scene.keyed.disk.judgeRest(this.process);
  }

  private began(process: Process, record: CallRecord, context: HandlerContext): void {
    const { plan, no } = record;
    const isOneFrame = (plan.kind === "say" || plan.kind === "look" || plan.kind === "count") && plan.bytes < 10_000;
    this.scene.judge.claim(!(this.isDraining && isOneFrame), () => `call ${no} begins while the daemon drains`);
    const session = context.values.get(callSession);
    if (plan.callsBack && session !== undefined) this.callBack(process, session);
  }

  private authenticate(process: Process, request: AuthenticateRequest): Grant | Denial | Promise<Grant | Denial> {
    const { plan, credentials } = this.scene;
    const judge = (): Grant | Denial => credentials.judge(request, process.clock.wallNow());
    if (plan.answers === "atOnce" || this.random.chance(0.5)) return judge();
    const lateMs = this.random.chance(0.02) ? TOO_LATE_MS : this.random.int(LATE_MS);
    return process.pause(lateMs).then(judge);
  }

  private callBack(process: Process, session: CallSession): void {
    const { ledger, judge, channels, clock, isHeld } = this.scene;
    const { channelId = "" } = session;
    const isLost = (): boolean => channels.isGone(channelId) || this.isDraining;
    const caller: Caller = {
      process,
      ledger,
      echo: session.client(EchoService),
      isCalleeThere: () => isHeld(channelId),
      // The server tells of a channel that is lost after the turn in which it loses it.
      judgeFailure: (record, error) => void clock.setTimer(0, () => judgeFailure(judge, record, error, isLost)),
    };
    void makeCall(caller, { ...drawCallPlan(this.random), callsBack: false });
  }

  /** What has to be true whenever a process ends. */
  private judgeEnd({ server }: Running): void {
    const { judge } = this.scene;
    const { violations, rejected } = server.metrics;
    judge.claim(violations === 0, () => `clients have broken ${violations} rules of the protocol`);
    for (const [code, times] of rejected) judge.facts.count(`rejected ${code}`, times);
  }
}
