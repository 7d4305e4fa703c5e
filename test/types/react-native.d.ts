/** What the example for React Native uses of its platform: as the packages declare it, which are not installed here. */
declare module "react-native" {
  import type { ComponentType, ReactElement, ReactNode } from "react";

  type AppStateStatus = "active" | "background" | "inactive" | "unknown" | "extension";
  export const AppState: {
    readonly currentState: AppStateStatus;
    addEventListener(type: "change" | "memoryWarning", listener: (state: AppStateStatus) => void): { remove(): void };
  };
  export const AppRegistry: { registerComponent(name: string, provide: () => ComponentType): string };
  export const ActivityIndicator: ComponentType;
  export const View: ComponentType<{ readonly children?: ReactNode }>;
  export const Text: ComponentType<{ readonly children?: ReactNode }>;
  export const Pressable: ComponentType<{ readonly onPress?: (() => void) | null; readonly children?: ReactNode }>;
  export const TextInput: ComponentType<{
    readonly accessibilityLabel?: string;
    readonly value?: string;
    readonly onChangeText?: (text: string) => void;
    readonly onSubmitEditing?: () => void;
  }>;
  export function FlatList<T>(props: {
    readonly inverted?: boolean | null;
    readonly data: ArrayLike<T> | null | undefined;
    readonly keyExtractor?: (item: T, index: number) => string;
    readonly renderItem: (row: { readonly item: T }) => ReactElement | null;
    readonly onEndReached?: (() => void) | null;
  }): ReactElement;
}

declare module "@react-native-community/netinfo" {
  const NetInfo: {
    addEventListener(
      listener: (state: { readonly type: string; readonly isConnected: boolean | null }) => void,
    ): () => void;
  };
  export default NetInfo;
}

declare module "@react-native-async-storage/async-storage" {
  const AsyncStorage: {
    getItem(key: string): Promise<string | null>;
    setItem(key: string, value: string): Promise<void>;
  };
  export default AsyncStorage;
}

declare module "expo-secure-store" {
  export function getItemAsync(key: string): Promise<string | null>;
  export function setItemAsync(key: string, value: string): Promise<void>;
}

declare module "react-native-get-random-values";
declare module "fast-text-encoding";
