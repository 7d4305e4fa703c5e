import { MoorlineError, parseSessionKey } from "../../../src/client/index.ts";
import { createHostRuntime } from "../../../src/runtime/create-host-runtime.ts";
import { createHostFleet } from "../../../src/runtime/fleet/create-host-fleet.ts";
import type { HostFleet } from "../../../src/runtime/fleet/host-fleet.ts";
import type { HostRuntime, HostRuntimeOptions } from "../../../src/runtime/host-runtime.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { MirrorJudge } from "../mirrors/mirror-judge.ts";
import { MirrorUser } from "../mirrors/mirror-user.ts";
import { Process } from "../session/process.ts";
import { judgeErrorText, judgeTransition } from "../session/transition-judge.ts";
import type { FleetScene } from "./fleet-scene.ts";
import { HostBook } from "./host-book.ts";
import { RowsJudge } from "./rows-judge.ts";

const SESSION_KEY = parseSessionKey("SECRET-SESSION-KEY-0123456789");

/** `killed`: its process has ended in the middle of whatever it did. `stopped`: it has said so before. */
export type AppPhase = "living" | "stopped" | "killed";

/** A program that has a fleet: everything that its fleet shows and makes is watched. */
export class FleetApp {
  readonly scene: FleetScene;
  readonly name: string;
  readonly process: Process;
  readonly fleet: HostFleet;
  readonly rows: RowsJudge;
  phase: AppPhase = "living";
  private readonly random: SimulatedRandom;
  private readonly book: HostBook;
  /** What keeps the mirrors of each host, by its server id. */
  private readonly users = new Map<string, MirrorUser>();
  private readonly death: { end(): void };
  private isDirty = false;

  constructor(scene: FleetScene, name: string) {
    this.scene = scene;
    this.name = name;
    this.random = scene.random.fork();
    this.process = new Process(scene.network.host(name));
    let end = (): void => {};
    const died = new Promise<never>((_, reject) => {
      end = () => reject(new Error("the program has ended"));
    });
    died.catch(() => {});
    this.death = { end: () => end() };
    this.fleet = createHostFleet({
      registry: scene.registry.open(this.process, died),
      createOptions: ({ serverId }) => this.createOptions(serverId),
      createRuntime: (options) => this.createRuntime(options),
      onError: (error) => scene.judge.fail(`${name}: its fleet has told of ${error}`),
    });
    this.rows = new RowsJudge(scene.judge, name, this.fleet);
    this.book = new HostBook(scene, name, this.fleet);
    this.fleet.subscribe(() => this.changed());
    this.fleet.agents.subscribe(() => this.changed());
  }

  /** Ends for good. */
  stop(): void {
    this.phase = "stopped";
    this.fleet.stop();
  }

  /** Its process ends, in the middle of whatever it does. @param told Whether daemons hear of it. */
  kill(told: boolean): void {
    this.phase = "killed";
    this.scene.judge.facts.count("apps killed");
    this.process.host.crash(told);
    this.death.end();
  }

  /** Sleeps. */
  sleep(ms: number): void {
    this.process.host.sleep(ms);
    for (const user of this.users.values()) user.slept();
  }

  /** What has to be true whenever nothing is under way. */
  look(): void {
    this.isDirty = false;
    if (this.phase !== "living") return;
    this.rows.look();
    this.book.look();
  }

  /** Nothing runs that the fleet does not show. Not looked at while hosts come and go. */
  judgeForgotten(): void {
    this.book.judgeForgotten();
  }

  /** What has to be true when it has left a while ago. */
  judgeEnd(): void {
    const { judge } = this.scene;
    if (this.phase === "killed") return;
    const { pendingTimers } = this.process.clock;
    judge.claim(pendingTimers === 0, () => `memory bounded: ${this.name} has left, and has ${pendingTimers} timers`);
    const isOver = this.fleet
      .getSnapshot()
      .hosts.every(({ runtime }) => runtime.snapshot.host.state.case === "stopped");
    judge.claim(isOver, () => `${this.name} has left, and a host of it was not stopped`);
  }

  /** Everything that happens in one turn is looked at once, at its end. */
  private changed(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.process.host.clock.soon(() => this.look());
  }

  private createRuntime(options: HostRuntimeOptions): HostRuntime {
    const runtime = createHostRuntime(options);
    this.book.made(runtime);
    const mirrors = new MirrorJudge(this.scene.judge, this.name, runtime.agents);
    runtime.agents.agents.subscribe(() => mirrors.look());
    return runtime;
  }

  private createOptions(serverId: string): Omit<HostRuntimeOptions, "profile"> {
    const { scene, process, random } = this;
    const { judge, plan, disk } = scene;
    const user = this.createUser(serverId);
    this.users.set(serverId, user);
    return {
      sessionKey: SESSION_KEY,
      client: { name: "app", version: "1.0.0" },
      ...{ transport: process.host.transport, clock: process.clock, random: random.fork() },
      ...(plan.disk === "none" ? {} : { mirrorStorage: disk.open(user) }),
      onTransition: (transition) => judgeTransition(judge, transition),
      onError: (error) => {
        judgeErrorText(judge, error);
        judge.claim(user.hear(error), () => `${this.name}: a runtime has told of ${describe(error)}`);
      },
    };
  }

  private createUser(serverId: string): MirrorUser {
    const { scene, name, process } = this;
    const runtime = (): HostRuntime | undefined => this.fleet.host(serverId);
    const user: MirrorUser = new MirrorUser({
      ...{ name, process, judge: scene.judge },
      isLiving: () => this.phase === "living" && this.users.get(serverId) === user && runtime() !== undefined,
      directory: () => runtime()?.agents,
      timeline: () => undefined,
      stopsOf: () => 0,
    });
    return user;
  }
}

function describe(error: unknown): string {
  return error instanceof MoorlineError ? error.code : String(error);
}
