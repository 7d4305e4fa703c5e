import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { AuthenticateRequest, Denial, Grant } from "../../../src/server/authenticate.ts";
import { createIdentity } from "../../../src/server/identity.ts";
import { createDaemonServer, type DaemonServer } from "../../../src/server/server.ts";
import { createMemorySessionStore } from "../../../src/server/store.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Connection, ConnectionListener } from "../../../src/transport/connection.ts";
import { EchoService } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { createEchoService } from "../session/echo-service.ts";
import { serveKeyed } from "../session/keyed-call.ts";
import { watchProbe } from "../session/probe-watch.ts";
import { Process } from "../session/process.ts";
import { judgeErrorText, judgeText, judgeTransition } from "../session/transition-judge.ts";
import { DaemonAgents } from "./daemon-agents.ts";
import { serverLimitsOf } from "./host-plan.ts";
import type { HostScene } from "./host-scene.ts";
import type { Way } from "./ways.ts";

const identity = createIdentity({ name: "daemon", version: "1.0.0" });
const stranger = createIdentity({ name: "stranger", version: "1.0.0" });

/** The server id of the daemon of every world. */
export const { serverId } = createDaemonServer({ identity, insecureNoAuth: true });

/** A process of the daemon that runs. */
interface Running {
  readonly process: Process;
  readonly server: DaemonServer;
}

/** The daemon of a world: one process after the other, with the same identity, sessions and agents. */
export class HostDaemon {
  readonly agents: DaemonAgents;
  /** The daemon takes no new calls any more, until it is started again. */
  isDraining = false;
  /** How often it was told to take no new calls. */
  drains = 0;
  private readonly scene: HostScene;
  private readonly random: SimulatedRandom;
  private readonly store = createMemorySessionStore();
  private readonly strangers = new WeakMap<Process, DaemonServer>();
  private running: Running | undefined = undefined;

  constructor(scene: HostScene) {
    this.scene = scene;
    this.random = scene.random.fork();
    this.agents = new DaemonAgents(scene);
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
    this.agents.restart(process);
    scene.timelines.restart(process);
    this.running = { process, server: this.createServer(process) };
    this.isDraining = false;
    for (const way of scene.ways.all) {
      process.host.listen(way.endpoint, (connection) => this.accept(way, connection));
    }
  }

  /** Ends the process at once. @param told Whether clients hear of it. */
  crash(told: boolean): void {
    const { running } = this;
    if (running === undefined) return;
    this.judgeEnd(running);
    this.scene.judge.facts.count("daemon restarts");
    running.process.host.crash(told);
    this.running = undefined;
  }

  /** Lets the calls come to their end, then ends the process. */
  drain(): void {
    const { running } = this;
    if (running === undefined || this.isDraining) return;
    running.process.perform(() => {
      this.isDraining = true;
      this.drains += 1;
      const drained = running.server.drain();
      this.scene.ledger.watch(drained, running.process, "drain");
      const end = (): void => {
        if (this.running === running) this.crash(true);
      };
      void drained.then(() => running.process.pause(100)).then(end);
    });
  }

  /** Ends the connections of a holder of credentials and their channels. */
  revoke(holder: string): void {
    const { running } = this;
    running?.process.perform(() => void running.server.revoke(holder));
  }

  private accept({ mood }: Way, connection: Connection): ConnectionListener {
    const { running, scene } = this;
    if (running === undefined || mood === "mute") return silence;
    if (mood === "lying") return this.strangerAt(running.process).accept(connection);
    return watchProbe(scene, running.server, running.server.accept(connection));
  }

  /** What listens where a way leads to another daemon. */
  private strangerAt(process: Process): DaemonServer {
    const known = this.strangers.get(process);
    if (known !== undefined) return known;
    const authenticate = () => ({ principal: "owner" });
    const { clock } = process;
    const made = createDaemonServer({ identity: stranger, clock, random: this.random.fork(), authenticate });
    this.strangers.set(process, made);
    return made;
  }

  private createServer(process: Process): DaemonServer {
    const { scene } = this;
    const { judge, ledger, keyed: book, credentials, plan } = scene;
    const echo = createEchoService({
      ...{ process, ledger },
      keyed: (request, context) => serveKeyed(book, process, request, context),
    });
    return createDaemonServer({
      identity,
      routes: (router) =>
        router
          .service(EchoService, echo)
          .service(AgentDirectoryService, this.agents.createService())
          .service(TimelineService, scene.timelines.createService(process)),
      authenticate: (request: AuthenticateRequest): Grant | Denial =>
        credentials.judge(request, process.clock.wallNow()),
      store: this.store,
      journal: book.disk.open(process),
      limits: serverLimitsOf(plan),
      clock: process.clock,
      random: this.random.fork(),
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

  /** What has to be true whenever a process ends. */
  judgeEnd({ server }: Pick<Running, "server">): void {
    const { judge } = this.scene;
    const { violations, rejected } = server.metrics;
    judge.claim(violations === 0, () => `clients have broken ${violations} rules of the protocol`);
    for (const [code, times] of rejected) judge.facts.count(`rejected ${code}`, times);
  }
}

const silence: ConnectionListener = { opened() {}, received() {}, drained() {}, closed() {} };
