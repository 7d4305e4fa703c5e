import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";
import { plant, readPlantedBug } from "./planted-bug.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bug = readPlantedBug();

/** The tests, with the planted bug in its file. */
export default mergeConfig(
  base,
  defineConfig({
    root,
    plugins: [
      {
        name: "planted-bug",
        enforce: "pre",
        transform: (source: string, id: string) => (id === `${root}${bug.file}` ? plant(source, bug) : undefined),
      },
    ],
    // What is cached must neither hide the bug nor bring it to anybody else.
    test: { maxWorkers: 1, bail: 1, reporters: ["default"], fsModuleCache: false },
  }),
);
