import { checkMethods } from "../wire/check-given.ts";
import type { LifecycleSource } from "./lifecycle.ts";

/** The part of React Native's `AppState` that {@link createReactNativeLifecycle} uses. */
export interface ReactNativeAppState {
  /** `active`, `background`, `inactive`; anything else, and nothing, is not known. */
  readonly currentState: string | null | undefined;
  /** As in React Native. */
  addEventListener(type: "change", listener: (state: string) => void): { remove(): void };
}

/** What NetInfo reports, as far as it is used. */
export interface ReactNativeNetState {
  /** `null`: not known. */
  readonly isConnected: boolean | null;
  /** Which network it is: `wifi`, `cellular`. `unknown`, and nothing: not known. */
  readonly type?: string;
}

/** The part of `@react-native-community/netinfo` that {@link createReactNativeLifecycle} uses. */
export interface ReactNativeNetInfo {
  /** As in NetInfo: the listener hears of the present state as well, and is removed by the function that comes back. */
  addEventListener(listener: (state: ReactNativeNetState) => void): () => void;
}

type KnownNetwork = Required<ReactNativeNetState>;

/** What an app gives, so that nothing in Moorline imports React Native. */
export interface ReactNativeSources {
  /** `AppState` of `react-native`. */
  readonly appState: ReactNativeAppState;
  /** `NetInfo` of `@react-native-community/netinfo`. Default: nothing is known of the network. */
  readonly netInfo?: ReactNativeNetInfo;
}

/**
 * The lifecycle of an app on React Native. `background` is hidden, and `active` after it is foreground. `inactive` (an iPhone
 * shows its switcher, or a call comes in) changes nothing: the app goes on running, and if it is left `background` follows.
 * The network counts as online or offline where `isConnected` changes, and as online where another network takes over, as
 * from Wi-Fi to a mobile one: sockets of the one before may be dead. `null` is not known, and no change. Spec: LIVE-9.
 * @param sources Of the app's packages.
 * @throws MoorlineError OPTION_INVALID where one of them is something else.
 */
export function createReactNativeLifecycle({ appState, netInfo }: ReactNativeSources): LifecycleSource {
  checkMethods("appState", appState, ["addEventListener"]);
  if (netInfo !== undefined) checkMethods("netInfo", netInfo, ["addEventListener"]);
  return {
    subscribe(listener) {
      let seen: "visible" | "hidden" = "visible";
      const see = (state: string | null | undefined): void => {
        const next = state === "background" ? "hidden" : state === "active" ? "visible" : seen;
        if (next === seen) return;
        seen = next;
        listener(seen === "hidden" ? "hidden" : "foreground");
      };
      let known: KnownNetwork = { isConnected: null, type: "unknown" };
      const hear = ({ isConnected, type = "unknown" }: ReactNativeNetState): void => {
        const before = known;
        known = { isConnected: isConnected ?? before.isConnected, type: type === "unknown" ? before.type : type };
        if (before.isConnected === null) return;
        const isOther = before.type !== "unknown" && before.type !== known.type;
        if (before.isConnected !== known.isConnected) listener(known.isConnected === true ? "online" : "offline");
        else if (isOther && known.isConnected === true) listener("online");
      };
      const change = appState.addEventListener("change", see);
      const removeNetInfo = netInfo?.addEventListener(hear);
      see(appState.currentState);
      return () => {
        change.remove();
        removeNetInfo?.();
      };
    },
  };
}
