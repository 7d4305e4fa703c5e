import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { serverId } from "./host-daemon.ts";
import type { HostScene } from "./host-scene.ts";
import type { Tab } from "./tab.ts";

/** Does what users and programs do with a tab, by chance, until it is at rest. */
export class TabActs {
  private readonly scene: HostScene;
  private readonly tab: Tab;
  private readonly random: SimulatedRandom;
  private isActing = true;

  constructor(scene: HostScene, tab: Tab) {
    this.scene = scene;
    this.tab = tab;
    this.random = scene.random.fork();
    this.plan();
  }

  /** Does nothing by itself from now on. */
  rest(): void {
    this.isActing = false;
  }

  private plan(): void {
    const { tab, random, scene } = this;
    void tab.process.pause(2 * scene.plan.actGapMs * random.unit()).then(() => {
      if (!this.isActing) return;
      this.act();
      this.plan();
    });
  }

  private act(): void {
    const { tab, random } = this;
    const { runtime, calls, wire } = tab;
    const kind = random.int(100);
    if (kind < 30 && tab.timelines !== undefined) tab.timelines.act();
    else if (kind < 62) calls.makeSome();
    else if (kind < 70) {
      wire.asked();
      runtime.retry();
    } else if (kind < 76) this.refresh();
    else if (kind < 84) this.choose();
    else if (kind < 88) this.changeProfile();
    else if (kind < 92) tab.ensureOnline();
    else if (kind < 95) runtime.start();
    else if (kind < 98) runtime.credentialChanged();
    else if (random.chance(0.3)) this.stop();
  }

  private refresh(): void {
    this.tab.standing.refreshes += 1;
    this.tab.runtime.refresh();
  }

  private choose(): void {
    const { tab, random } = this;
    const candidates = tab.profile.candidates.map(({ id }) => id);
    tab.wire.asked();
    tab.runtime.useCandidate(random.pick([undefined, "nobody knows it", ...candidates]));
  }

  /** All ways, some of them, or none. */
  private changeProfile(): void {
    const { tab, random, scene } = this;
    const share = random.pick([0, 0.5, 1, 1]);
    const some = scene.ways.all.filter(() => random.chance(share));
    tab.runtime.setProfile(
      createHostProfile({ serverId, candidates: some.map(({ endpoint }) => ({ direct: endpoint })) }),
    );
  }

  /** The user has enough; most come back with another tab. */
  private stop(): void {
    const { tab, scene } = this;
    this.isActing = false;
    scene.network.note(`${tab.name} is stopped in ${tab.phase}`);
    tab.stop();
  }
}
