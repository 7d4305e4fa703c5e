import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** The planted bugs: each is run in a process of its own, so they take minutes. Left out of `npm test`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/mutation/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
  },
});
