import { loadOrCreateSessionKey } from "../../client/session-key.ts";
import { createIndexedDbStorage } from "../../client/storage-indexed-db.ts";
import type { TokenVault } from "../address/token-vault.ts";
import type { ConsoleModel, HostEntry } from "../model/console-model.ts";
import { createState } from "../model/source.ts";
import { describeDaemon } from "./describe-daemon.ts";
import { HostBook, type KnownHost } from "./host-book.ts";
import { createLiveHost, type LiveHost } from "./live-host.ts";

/** A model with real hosts. */
export interface LiveModel extends ConsoleModel {
  /** Connects to every host that is remembered. */
  readonly start: () => Promise<void>;
}

/** Makes the model of the console's page. @param version Of the console. */
export function createLiveModel(vault: TokenVault, version: string): LiveModel {
  const book = new HostBook();
  const storage = createIndexedDbStorage();
  const running = new Map<string, LiveHost>();
  const hosts = createState<readonly HostEntry[]>([]);
  const publish = (): void =>
    hosts.set(
      [...running.values()].map(({ serverId, label, status, directory }) => ({
        ...{ serverId, label, status: status.getSnapshot() },
        agents: directory.getSnapshot().agents.length,
      })),
    );
  const open = async (known: KnownHost): Promise<void> => {
    running.get(known.serverId)?.stop();
    const sessionKey = await loadOrCreateSessionKey(storage, known.serverId);
    const host = createLiveHost({ known, sessionKey, token: vault.get(known.endpoint), version });
    running.set(known.serverId, host);
    host.status.subscribe(publish);
    host.directory.subscribe(publish);
    publish();
  };
  return {
    hosts,
    host: (serverId) => running.get(serverId),
    async start() {
      await Promise.all(
        book
          .list()
          .filter(({ serverId }) => !running.has(serverId))
          .map(open),
      );
    },
    async addHost(endpoint, token) {
      if (token !== undefined) vault.set(endpoint, token);
      const { serverId, name } = await describeDaemon(endpoint);
      const known = { serverId, label: `${name} on ${new URL(endpoint).host}`, endpoint };
      book.put(known);
      await open(known);
      return serverId;
    },
    async forgetHost(serverId) {
      const known = book.list().find((host) => host.serverId === serverId);
      if (known !== undefined) vault.forget(known.endpoint);
      book.remove(serverId);
      running.get(serverId)?.stop();
      running.delete(serverId);
      publish();
    },
  };
}
