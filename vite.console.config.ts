import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };

/** The console, built for `scripts/build-console.ts`. Nothing is inlined: the page runs under a strict policy. */
export default defineConfig(({ mode }) => ({
  root: `${root}src/console`,
  base: "./",
  publicDir: false,
  define: { __MOORLINE_VERSION__: JSON.stringify(version) },
  build: {
    outDir: `${root}dist/${mode === "production" ? "console" : `console-${mode}`}`,
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      input: mode === "fixture" ? `${root}src/console/fixture.html` : `${root}src/console/index.html`,
    },
  },
}));
