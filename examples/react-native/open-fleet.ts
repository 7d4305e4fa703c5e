import NetInfo from "@react-native-community/netinfo";
import { createReactNativeLifecycle, loadOrCreateSessionKey } from "moorline";
import {
  createHostFleet,
  createHostProfile,
  describeDaemon,
  type HostFleet,
  type MirrorStorage,
} from "moorline/runtime";
import { AppState } from "react-native";
import { createSecureKeyStorage, createTextHostRegistry, type SecureStore, type TextStore } from "./storages.ts";

/** What the app has of its platform. */
export interface AppStorages {
  readonly secure: SecureStore;
  readonly texts: TextStore;
  /** Where agents are kept, so that they are there at once. Without it they come with the first connection. */
  readonly mirrors?: MirrorStorage;
}

/** What the views of the app are given. */
export interface OpenedFleet {
  readonly fleet: HostFleet;
  readonly addHost: (endpoint: string, token: string) => Promise<void>;
}

export function openFleet({ secure, texts, mirrors }: AppStorages): OpenedFleet {
  const keys = createSecureKeyStorage(secure);
  const fleet = createHostFleet({
    registry: createTextHostRegistry(texts),
    createOptions: ({ serverId }) => ({
      client: { name: "react-native-example", version: "1.0.0" },
      sessionKey: () => loadOrCreateSessionKey(keys, serverId),
      credential: async () => ({ bearerToken: (await secure.getItemAsync(`token-${serverId}`)) ?? "" }),
      lifecycle: createReactNativeLifecycle({ appState: AppState, netInfo: NetInfo }),
      ...(mirrors && { mirrorStorage: mirrors }),
    }),
  });
  return {
    fleet,
    addHost: async (endpoint, token) => {
      const { serverId, name } = await describeDaemon(endpoint);
      await secure.setItemAsync(`token-${serverId}`, token);
      const host = await fleet.add(createHostProfile({ serverId, label: name, candidates: [{ direct: endpoint }] }));
      host.credentialChanged();
    },
  };
}
