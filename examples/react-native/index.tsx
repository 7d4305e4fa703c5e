// First, for what React Native leaves out: random bytes for keys, and the decoder of texts.
import "react-native-get-random-values";
import "fast-text-encoding";
import AsyncStorage from "@react-native-async-storage/async-storage";
import * as SecureStore from "expo-secure-store";
import { AppRegistry } from "react-native";
import { App } from "./App.tsx";
import { openFleet } from "./open-fleet.ts";

const opened = openFleet({ secure: SecureStore, texts: AsyncStorage });
// What the registry says where it cannot be read; the app may try again.
opened.fleet.start().catch(console.error);
AppRegistry.registerComponent("MoorlineExample", () => () => <App {...opened} />);
