import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { createDaemonServer, type DaemonServer } from "../../../src/server/server.ts";
import { createMemorySessionStore } from "../../../src/server/store.ts";
import type { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import { serverIdOf } from "../../../src/wire/server-id.ts";
import { type AgentsScene, DaemonAgents } from "../host/daemon-agents.ts";
import { Process } from "../session/process.ts";
import { judgeErrorText, judgeText, judgeTransition } from "../session/transition-judge.ts";
import type { FleetPlan } from "./fleet-plan.ts";

/** What a daemon needs of its world. */
export interface FleetDaemonScene extends AgentsScene {
  readonly plan: FleetPlan;
  readonly network: SimulatedNetwork;
}

const KEY_BYTES = 32;
const LATENCIES_MS = [8, 30, 90];

/** One of the daemons of a world: one process after the other, with the same identity, sessions and agents. */
export class FleetDaemon {
  readonly serverId: string;
  /** Its addresses: nobody else is ever found there. */
  readonly endpoints: readonly string[];
  readonly agents: DaemonAgents;
  private readonly scene: FleetDaemonScene;
  private readonly name: string;
  private readonly publicKey: Uint8Array;
  private readonly store = createMemorySessionStore();
  private running: { readonly process: Process; readonly server: DaemonServer } | undefined = undefined;

  /** @param number Which of them, from 0. */
  constructor(scene: FleetDaemonScene, number: number) {
    this.scene = scene;
    this.name = `daemon-${number}`;
    this.publicKey = new Uint8Array(KEY_BYTES).fill(number + 1);
    this.serverId = serverIdOf(this.publicKey);
    this.endpoints = Array.from({ length: scene.plan.ways }, (_, way) => `wss://way-${way}.${this.name}.example/`);
    for (const endpoint of this.endpoints) {
      const latencyMs = scene.random.pick(LATENCIES_MS);
      scene.network.setSpeed(endpoint, { latencyMs, jitterMs: latencyMs / 10 });
    }
    this.agents = new DaemonAgents(scene);
    this.start();
  }

  /** The process, while there is one. */
  get process(): Process | undefined {
    return this.running?.process;
  }

  /** Something changes. */
  change(): void {
    if (this.running !== undefined) this.agents.change();
  }

  /** Starts a process, where none runs. */
  start(): void {
    if (this.running !== undefined) return;
    const process = new Process(this.scene.network.host(this.name));
    this.agents.restart(process);
    const server = this.createServer(process);
    this.running = { process, server };
    for (const endpoint of this.endpoints) process.host.listen(endpoint, (connection) => server.accept(connection));
  }

  /** Ends the process at once. @param told Whether clients hear of it. */
  crash(told: boolean): void {
    if (this.running === undefined) return;
    this.scene.judge.facts.count("daemon restarts");
    this.running.process.host.crash(told);
    this.running = undefined;
  }

  private createServer({ clock }: Process): DaemonServer {
    const { judge, random } = this.scene;
    return createDaemonServer({
      identity: { publicKey: this.publicKey, name: this.name, version: "1.0.0" },
      routes: (router) => router.service(AgentDirectoryService, this.agents.createService()),
      authenticate: () => ({ principal: "owner" }),
      ...{ store: this.store, clock, random: random.fork() },
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
}
