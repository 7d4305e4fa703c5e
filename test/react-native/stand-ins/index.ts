import { fileURLToPath } from "node:url";

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The folder of all of them. */
export const STAND_INS_FOLDER: string = at(".");

/** What stands in for the packages that the example imports and that are not installed here, by their names. */
export const STAND_INS: Readonly<Record<string, string>> = {
  "react-native": at("react-native.tsx"),
  "@react-native-community/netinfo": at("netinfo.ts"),
  "@react-native-async-storage/async-storage": at("async-storage.ts"),
  "expo-secure-store": at("secure-store.ts"),
  "react-native-get-random-values": at("nothing.ts"),
  "fast-text-encoding": at("nothing.ts"),
};
