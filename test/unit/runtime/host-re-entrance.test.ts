import { describe, expect, it } from "vitest";
import { SimulatedRandom } from "../../../src/testing/index.ts";
import {
  Echo,
  FAR,
  HERE,
  type HostStage,
  idOf,
  linksOf,
  NEAR,
  networkOf,
  pass,
  phaseNameOf,
  profileOf,
  stageHost,
} from "./support/host-stage.ts";

const WAYS = [NEAR, FAR, HERE];
const SEEDS = Array.from({ length: 6 }, (_, i) => i + 1);
const MINE = new Error("a listener's own");

/** What somebody asks of a host. */
function ask({ host, lifecycle }: HostStage, random: SimulatedRandom): void {
  const intents = [
    () => host.useCandidate(random.pick([undefined, "unknown", ...WAYS.map(idOf)])),
    () => host.setProfile(profileOf(WAYS.filter(() => random.int(3) > 0))),
    () => host.retry(),
    () => host.refresh(),
    () => host.credentialChanged(),
    () => host.start(),
    () => lifecycle.signal(random.pick(["hidden", "foreground", "online", "frozen"])),
    () => void host.ensureOnline().catch(() => {}),
    () =>
      void host
        .service(Echo)
        .say({ text: "x" })
        .then(undefined, () => {}),
  ];
  random.pick(intents)();
}

/** Lets a network fail, or work again. */
function disturb(stage: HostStage, random: SimulatedRandom): void {
  const way = random.pick(WAYS);
  if (random.int(6) === 0) networkOf(stage, way).setDialing(way.endpoint, random.pick(["refuse", "normal", "hang"]));
  if (random.int(6) > 0) return;
  for (const link of linksOf(stage, way)) link.cut({ clientToldMs: random.pick([0, 5_000]), serverToldMs: 0 });
}

describe("HostRuntime: whatever is asked of it, also by listeners while they are told", () => {
  it.each(SEEDS)(
    "comes back, and leaves nothing behind when it is stopped, seed %i [HOST-10, HOST-11]",
    async (seed) => {
      const random = new SimulatedRandom(seed);
      const stage = stageHost({ ways: WAYS });
      const { host } = stage;
      let asks = 0;
      host.subscribe(() => {
        if (asks > 0 && random.int(2) === 0) {
          asks -= 1;
          ask(stage, random);
        }
        if (random.int(20) === 0) throw MINE;
      });
      for (let step = 0; step < 120; step += 1) {
        asks = random.int(4);
        ask(stage, random);
        disturb(stage, random);
        await pass(stage, random.pick([0, 5, 50, 300, 2_000, 20_000]));
      }
      asks = 0;
      expect(stage.errors.filter((error) => error !== MINE)).toEqual([]);
      for (const way of WAYS) networkOf(stage, way).setDialing(way.endpoint, "normal");
      stage.lifecycle.signal("foreground");
      host.start();
      host.setProfile(profileOf(WAYS));
      host.retry();
      await pass(stage, 400_000);
      expect(phaseNameOf(host)).toBe("online");
      host.stop();
      await expect(host.ensureOnline()).rejects.toMatchObject({ code: "DISPOSED" });
      await pass(stage, 1_000);
      expect(WAYS.flatMap((way) => linksOf(stage, way))).toEqual([]);
      const logged = stage.logged.length;
      await pass(stage, 600_000);
      expect(stage.logged).toHaveLength(logged);
    },
  );
});
