import {
  createBrowserLifecycle,
  createIndexedDbStorage,
  loadOrCreateSessionKey,
  type MoorlineError,
} from "../../client/index.ts";
import {
  createHostFleet,
  createHostProfile,
  createHostRuntime,
  createIndexedDbMirrorStorage,
  createLocalHostRegistry,
  createMemoryHostRegistry,
  describeDaemon,
  type FleetHost,
  type HostFleet,
  type HostRegistry,
} from "../../runtime/index.ts";
import { isSameList } from "../../runtime/sorted-list.ts";
import type { TokenVault } from "../address/token-vault.ts";
import type { ConsoleHost, ConsoleModel } from "../model/console-model.ts";
import { createState } from "../model/source.ts";
import { createFleetHost } from "./fleet-host.ts";
import { createHostKit, type HostKit } from "./host-kit.ts";

/** A model whose hosts are those of a fleet. */
export interface FleetModel extends ConsoleModel {
  /** Reads which hosts are known, and starts them. @returns What was wrong with what was kept. Undefined: nothing. */
  readonly start: () => Promise<MoorlineError | undefined>;
}

/** Makes the model of the console's page. @param version Of the console. */
export function createFleetModel(vault: TokenVault, version: string): FleetModel {
  const kits = new Map<string, HostKit>();
  const kitOf = (serverId: string): HostKit => {
    const kit = kits.get(serverId) ?? createHostKit();
    kits.set(serverId, kit);
    return kit;
  };
  const fleet = createFleet({ vault, version, kitOf });
  const hosts = createState<readonly ConsoleHost[]>([]);
  const host = (serverId: string): ConsoleHost | undefined =>
    hosts.getSnapshot().find((known) => known.serverId === serverId);
  /** The fleet says by the profile whether something of a host is another. */
  const made = new WeakMap<FleetHost["profile"], ConsoleHost>();
  const hostOf = (found: FleetHost): ConsoleHost => {
    const present = made.get(found.profile) ?? createFleetHost(found, kitOf(found.serverId));
    made.set(found.profile, present);
    return present;
  };
  const follow = (): void => {
    const before = hosts.getSnapshot();
    const present = fleet.getSnapshot().hosts.map(hostOf);
    if (!isSameList(before, present)) hosts.set(present);
    for (const { serverId } of before) if (host(serverId) === undefined) kits.delete(serverId);
  };
  fleet.subscribe(follow);
  return {
    hosts,
    host,
    async start() {
      await fleet.start();
      return fleet.getSnapshot().faults[0];
    },
    async addHost(endpoint, token) {
      const { serverId, name } = await describeDaemon(endpoint);
      if (token !== undefined) vault.set(serverId, token);
      const known = fleet.host(serverId);
      const label = `${name} on ${new URL(endpoint).host}`;
      await fleet.add(createHostProfile({ serverId, label, candidates: [{ direct: endpoint }] }));
      // Only now: it may have asked meanwhile, and has the token then.
      if (token === undefined || vault.isGiven(serverId, token)) known?.retry();
      else known?.credentialChanged();
      return serverId;
    },
    giveToken(serverId, token) {
      const runtime = fleet.host(serverId);
      if (runtime === undefined) return;
      vault.set(serverId, token);
      runtime.credentialChanged();
    },
    async forgetHost(serverId) {
      vault.forget(serverId);
      await fleet.forget(serverId);
    },
  };
}

interface FleetParts {
  readonly vault: TokenVault;
  readonly version: string;
  readonly kitOf: (serverId: string) => HostKit;
}

function createFleet({ vault, version, kitOf }: FleetParts): HostFleet {
  const keys = createIndexedDbStorage();
  const mirrorStorage = createIndexedDbMirrorStorage();
  const lifecycle = createBrowserLifecycle();
  return createHostFleet({
    registry: createRegistry(),
    createRuntime: createHostRuntime,
    createOptions({ serverId, candidates }) {
      const { journal, faults } = kitOf(serverId);
      const endpoints = candidates.flatMap(({ kind }) => (kind.case === "direct" ? [kind.value.endpoint] : []));
      return {
        sessionKey: () => loadOrCreateSessionKey(keys, serverId),
        client: { name: "moorline-console", version, platform: "browser" },
        credential: () => {
          const token = vault.find(serverId, endpoints);
          return token === undefined ? undefined : { bearerToken: token };
        },
        transport: faults.transport,
        onTransition: journal.record,
        ...{ lifecycle, mirrorStorage },
      };
    },
  });
}

/** Where the browser forbids storage, hosts are known as long as the page lives. */
function createRegistry(): HostRegistry {
  try {
    return createLocalHostRegistry();
  } catch {
    return createMemoryHostRegistry();
  }
}
