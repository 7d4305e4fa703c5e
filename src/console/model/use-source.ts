import { createContext, useContext, useSyncExternalStore } from "react";
import type { ConsoleModel } from "./console-model.ts";
import type { Source } from "./source.ts";

/** What a source has now; renders again when it changes. */
export function useSource<T>({ subscribe, getSnapshot }: Source<T>): T {
  return useSyncExternalStore(subscribe, getSnapshot);
}

/** The model that the pages show. */
export const ModelContext = createContext<ConsoleModel | undefined>(undefined);

/** The model that the pages show. */
export function useModel(): ConsoleModel {
  const model = useContext(ModelContext);
  if (model === undefined) throw new Error("there is no model above this component");
  return model;
}
