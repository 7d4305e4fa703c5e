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
  type HostFleet,
  type HostRegistry,
} from "../../runtime/index.ts";
import type { TokenVault } from "../address/token-vault.ts";
import type { ConsoleHost, ConsoleModel, HostEntry } from "../model/console-model.ts";
import { createState } from "../model/source.ts";
import { createFleetHost } from "./fleet-host.ts";
import { createHostKit, type HostKit } from "./host-kit.ts";

/** A model whose hosts are those of a fleet. */
export interface FleetModel extends ConsoleModel {
  /** Reads which hosts are known, and starts them. @returns What was wrong with what was kept. Undefined: nothing. */
  readonly start: () => Promise<MoorlineError | undefined>;
}

/** A host of the model, and what ends its being watched. */
interface Watched {
  readonly host: ConsoleHost;
  /** By which the fleet says whether something of it is another. */
  readonly identity: object;
  readonly stop: () => void;
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
  const watched = new Map<string, Watched>();
  const hosts = createState<readonly HostEntry[]>([]);
  const publish = (): void => hosts.set([...watched.values()].map(({ host }) => toEntry(host)));
  const follow = (): void => {
    const { hosts: present } = fleet.getSnapshot();
    for (const [serverId, { stop }] of watched) {
      if (present.some((host) => host.serverId === serverId)) continue;
      stop();
      watched.delete(serverId);
      kits.delete(serverId);
    }
    for (const found of present) {
      const before = watched.get(found.serverId);
      if (before?.identity === found.profile) continue;
      before?.stop();
      const host = createFleetHost(found, kitOf(found.serverId));
      const ends = [host.status.subscribe(publish), host.directory.subscribe(publish)];
      watched.set(found.serverId, { host, identity: found.profile, stop: () => ends.forEach((end) => void end()) });
    }
    publish();
  };
  fleet.subscribe(follow);
  return {
    hosts,
    host: (serverId) => watched.get(serverId)?.host,
    async start() {
      await fleet.start();
      return fleet.getSnapshot().faults[0];
    },
    async addHost(endpoint, token) {
      const { serverId, name } = await describeDaemon(endpoint);
      const isOther = token !== undefined && token !== vault.get(serverId);
      if (isOther) vault.set(serverId, token);
      const known = fleet.host(serverId);
      const label = `${name} on ${new URL(endpoint).host}`;
      await fleet.add(createHostProfile({ serverId, label, candidates: [{ direct: endpoint }] }));
      if (isOther) known?.credentialChanged();
      else known?.retry();
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

function toEntry({ serverId, label, status, directory }: ConsoleHost): HostEntry {
  return { serverId, label, status: status.getSnapshot(), agents: directory.getSnapshot().agents.length };
}
