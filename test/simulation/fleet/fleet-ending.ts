import { FleetStatus } from "../../../gen/moorline/state/v1/fleet_pb.ts";
import { parseRegistry } from "../../../src/runtime/registry/registry-text.ts";
import { nameOf } from "../session/names.ts";
import type { FleetApp } from "./fleet-app.ts";
import { idsOf } from "./fleet-scene.ts";
import type { FleetWorld } from "./fleet-world.ts";

/** What was asked for is done. */
const INTENTS_MS = 15_000;
/** A dead connection is noticed, a race has gone round all ways, the longest backoff is over. */
const SETTLE_MS = 150_000;
/** Probes have found out where candidates lead that were not needed. */
const CALM_MS = 5_000;
const GOODBYE_MS = 35_000;

/** The faults are over: every fleet has to show what all daemons have, and then nothing may be left. */
export async function playFleetEnding(world: FleetWorld): Promise<void> {
  for (const step of [settle, converge, leave]) {
    await step(world);
    if (world.scene.judge.broken !== undefined) return;
  }
}

async function settle(world: FleetWorld): Promise<void> {
  const { judge, ledger, daemons, disk, registry, network } = world.scene;
  world.calm();
  network.heal();
  disk.heal();
  registry.mood = "well";
  for (const daemon of daemons) {
    daemon.agents.heal();
    daemon.start();
  }
  if (world.living.length === 0) world.open();
  for (const app of world.living) app.process.perform(() => world.actsOf(app).start());
  const isQuiet = (): boolean => ledger.findOpen("anybody's").length === 0;
  const isDone = await world.run(isQuiet, INTENTS_MS);
  judge.claim(isDone, () => `every promise settles: there is ${ledger.findOpen("anybody's").slice(0, 5).join("; ")}`);
  for (const app of world.living)
    app.process.perform(() => daemons.forEach((one) => void world.actsOf(app).addWhole(one)));
  await world.run(isQuiet, INTENTS_MS);
}

/** the aggregate is the union of what all daemons have, and stays so; the registry has what the last fleet has. */
async function converge(world: FleetWorld): Promise<void> {
  const { judge, daemons } = world.scene;
  const isRight = (): boolean => world.living.every((app) => findDifference(world, app) === undefined);
  const describe = (): string => world.living.map((app) => `${app.name}: ${findDifference(world, app)}`).join("; ");
  const isDone = await world.run(isRight, SETTLE_MS);
  judge.claim(isDone, () => `every fleet converges: it does not; ${describe()}`);
  await world.run(() => false, CALM_MS);
  judge.claim(isRight(), () => `every fleet converges: it does not stay so; ${describe()}`);
  const kept = idsOf(parseRegistry(world.scene.registry.text).profiles);
  for (const app of world.living) {
    app.look();
    app.judgeForgotten();
    const { hosts } = app.fleet.getSnapshot();
    const isKept = kept.length === daemons.length && (world.scene.plan.apps > 1 || `${idsOf(hosts)}` === `${kept}`);
    judge.claim(isKept, () => `registry: it has ${kept}, and ${app.name} has ${idsOf(hosts)}`);
  }
}

function findDifference({ scene: { daemons } }: FleetWorld, { fleet }: FleetApp): string | undefined {
  const { status } = fleet.getSnapshot();
  if (status !== FleetStatus.ONLINE) return `it is ${nameOf(FleetStatus, status)}`;
  const rows = new Map(
    fleet.agents.getSnapshot().map(({ serverId, agent }) => [`${serverId} ${agent.id}`, agent.title]),
  );
  const truth = daemons.flatMap(({ serverId, agents }) =>
    [...agents.truth.facts].flatMap(([id, { agent }]) => (agent ? [[`${serverId} ${id}`, agent.title] as const] : [])),
  );
  if (rows.size !== truth.length) return `it shows ${rows.size} agents of ${truth.length}`;
  const wrong = truth.find(([id, title]) => rows.get(id) !== title);
  return wrong && `it shows ${wrong[0]} wrong`;
}

async function leave(world: FleetWorld): Promise<void> {
  const { judge, ledger, network } = world.scene;
  for (const app of world.living) {
    app.stop();
    app.fleet.retry();
    app.fleet.refresh();
  }
  await world.run(() => false, GOODBYE_MS);
  const open = ledger.findOpen("anybody's");
  judge.claim(open.length === 0, () => `every promise settles: everybody has left, and there is ${open.join("; ")}`);
  for (const app of world.apps) app.judgeEnd();
  const links = network.links.filter(({ clientEnd }) => !clientEnd.isOver);
  judge.claim(
    links.length === 0,
    () => `memory bounded: everybody has left, and there are ${links.length} connections`,
  );
  world.close();
}
