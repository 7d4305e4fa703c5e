/** Loaded with `--import` before a world: plants the bug into its file as that file is loaded. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { plant, readPlantedBug } from "./planted-bug.ts";

const bug = readPlantedBug();
const target = new URL(`../../${bug.file}`, import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    if (url !== target) return nextLoad(url, context);
    const source = plant(readFileSync(fileURLToPath(url), "utf8"), bug);
    return { format: "module-typescript", source, shortCircuit: true };
  },
});
