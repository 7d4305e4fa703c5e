import type { SessionKey } from "../../../src/client/index.ts";
import { parseSessionKey } from "../../../src/client/index.ts";
import { startFaults } from "../../../src/testing/fault-schedule.ts";
import { runWorld } from "../session/run-world.ts";
import { HostDaemon } from "./host-daemon.ts";
import { playHostEnding } from "./host-ending.ts";
import { createHostFaults } from "./host-faults.ts";
import { createHostScene, type HostScene } from "./host-scene.ts";
import { judgeAttachments } from "./judge-attachments.ts";
import { Tab } from "./tab.ts";
import { TabActs } from "./tab-acts.ts";
import { watchHostMachine } from "./watch-machine.ts";

/** How often is looked at what has to be true at any time. */
const LOOK_EVERY_MS = 4_000;
/** Tabs that are opened in the place of others that were stopped, at most. */
const MAX_TABS = 5;

/** A daemon with several ways to it, and the tabs of one user. */
export class HostWorld {
  readonly scene: HostScene;
  readonly daemon: HostDaemon;
  readonly tabs: Tab[] = [];
  private readonly acts: TabActs[] = [];
  private readonly key: SessionKey = parseSessionKey("SECRET-SESSION-KEY-0123456789");
  private phase: "restless" | "calm" | "over" = "restless";

  constructor(seed: number, eventCount: number) {
    this.scene = createHostScene(seed, eventCount);
    watchHostMachine((step) => this.scene.steps.taken(step));
    this.daemon = new HostDaemon(this.scene);
    for (let i = 0; i < this.scene.plan.tabs; i += 1) this.openTab();
  }

  /** The tabs that were not stopped. */
  get living(): Tab[] {
    return this.tabs.filter(({ standing }) => !standing.isStopped);
  }

  /** Plays it to its end. */
  async play(): Promise<void> {
    const { clock, network, random, plan, judge } = this.scene;
    this.look();
    this.change();
    const kinds = createHostFaults(this);
    const begin = () => startFaults({ network, clock, random: random.fork(), kinds, meanGapMs: plan.meanGapMs });
    const evening = begin();
    await this.run(() => false, plan.faultyMs / 2);
    evening.stop();
    if (plan.nightMs > 0) await this.passNight(plan.nightMs);
    const morning = begin();
    await this.run(() => false, plan.faultyMs / 2);
    morning.stop();
    if (judge.broken === undefined) await playHostEnding(this);
  }

  /** Lets time pass until something holds, or is broken. @returns Whether it holds. */
  run(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return runWorld(this.scene, predicate, limitMs);
  }

  /** Nobody does anything by themselves from now on. */
  calm(): void {
    this.phase = "calm";
    for (const acts of this.acts) acts.rest();
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.phase = "over";
  }

  /** Another program takes the place of one that has ended, unless there were many. */
  openAnother(): void {
    if (this.phase === "restless" && this.tabs.length < MAX_TABS) this.openTab();
  }

  /** Opens a tab, and starts it sooner or later. */
  openTab(): Tab {
    const { scene } = this;
    const tab = new Tab(scene, `tab-${this.tabs.length}`, this.key);
    this.tabs.push(tab);
    const acts = new TabActs(scene, tab);
    if (this.phase !== "restless") acts.rest();
    this.acts.push(acts);
    const start = (): void => tab.runtime.start();
    if (scene.random.chance(0.8)) start();
    else void tab.process.pause(scene.random.int(3_000)).then(start);
    return tab;
  }

  /** Everybody sleeps for hours: bars are over then, and channels. */
  private async passNight(nightMs: number): Promise<void> {
    const { network, judge } = this.scene;
    network.note("the night begins");
    judge.facts.count("nights");
    for (const tab of this.tabs) tab.sleep(nightMs);
    this.phase = "calm";
    await this.run(() => false, nightMs);
    this.phase = "restless";
    this.look();
    this.change();
  }

  private look(): void {
    if (this.phase === "over") return;
    this.judgeAlways();
    if (this.living.length === 0) this.openAnother();
    this.scene.clock.setTimer(LOOK_EVERY_MS, () => this.look());
  }

  private change(): void {
    if (this.phase !== "restless") return;
    const { clock, random, plan } = this.scene;
    if (this.daemon.process !== undefined) {
      this.daemon.agents.change();
      this.scene.timelines.change();
    }
    clock.setTimer(2 * plan.changeGapMs * random.unit(), () => this.change());
  }

  /** What has to be true at any time. */
  private judgeAlways(): void {
    const { judge, network } = this.scene;
    judge.claim(network.thrown.length === 0, () => `a listener has thrown: ${network.thrown[0]}`);
    for (const tab of this.living) tab.judgeRest(this.daemon.drains);
    judgeAttachments(this);
  }
}
