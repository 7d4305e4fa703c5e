import { startFaults } from "../../../src/testing/fault-schedule.ts";
import { runWorld } from "../session/run-world.ts";
import { AppActs } from "./app-acts.ts";
import { FleetApp } from "./fleet-app.ts";
import { playFleetEnding } from "./fleet-ending.ts";
import { createFleetFaults } from "./fleet-faults.ts";
import { createFleetScene, type FleetScene } from "./fleet-scene.ts";

/** Apps that are opened in the place of others, at most. */
const MAX_APPS = 5;
/** How often is looked at what has to be true at any time. */
const LOOK_EVERY_MS = 2_000;

/** Several daemons, and the programs of one user, each with a fleet of hosts, which share a registry. */
export class FleetWorld {
  readonly scene: FleetScene;
  readonly apps: FleetApp[] = [];
  private readonly acts = new Map<FleetApp, AppActs>();
  private phase: "restless" | "calm" | "over" = "restless";

  constructor(seed: number, eventCount: number) {
    this.scene = createFleetScene(seed, eventCount);
    for (let i = 0; i < this.scene.plan.apps; i += 1) this.open();
  }

  /** The apps that were neither stopped nor killed. */
  get living(): FleetApp[] {
    return this.apps.filter(({ phase }) => phase === "living");
  }

  /** What is done with an app. */
  actsOf(app: FleetApp): AppActs {
    const acts = this.acts.get(app);
    if (acts === undefined) throw new Error(`nobody has opened ${app.name}`);
    return acts;
  }

  /** Plays it to its end. */
  async play(): Promise<void> {
    const { clock, network, random, plan, judge } = this.scene;
    this.look();
    this.change();
    const kinds = createFleetFaults(this);
    const schedule = startFaults({ network, clock, random: random.fork(), kinds, meanGapMs: plan.meanGapMs });
    await this.run(() => false, plan.faultyMs);
    schedule.stop();
    if (judge.broken === undefined) await playFleetEnding(this);
  }

  /** Lets time pass until something holds, or is broken. @returns Whether it holds. */
  run(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return runWorld(this.scene, predicate, limitMs);
  }

  /** Nobody does anything by themselves from now on. */
  calm(): void {
    this.phase = "calm";
    for (const acts of this.acts.values()) acts.rest();
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.phase = "over";
  }

  /** Another program takes the place of one that has ended, unless there were many. */
  openAnother(): void {
    const isRoom = this.living.length < this.scene.plan.apps && this.apps.length < MAX_APPS;
    if (this.phase === "restless" && isRoom) this.open();
  }

  /** Opens an app. */
  open(): FleetApp {
    const app = new FleetApp(this.scene, `app-${this.apps.length}`);
    this.apps.push(app);
    const acts = new AppActs(app);
    if (this.phase !== "restless") acts.rest();
    this.acts.set(app, acts);
    return app;
  }

  private look(): void {
    if (this.phase === "over") return;
    const { network, judge, clock } = this.scene;
    judge.claim(network.thrown.length === 0, () => `a listener has thrown: ${network.thrown[0]}`);
    for (const app of this.living) app.process.perform(() => app.look());
    if (this.living.length === 0) this.openAnother();
    clock.setTimer(LOOK_EVERY_MS, () => this.look());
  }

  private change(): void {
    if (this.phase !== "restless") return;
    const { clock, random, plan, daemons } = this.scene;
    random.pick(daemons).change();
    clock.setTimer(2 * plan.changeGapMs * random.unit(), () => this.change());
  }
}
