import { defineConfig } from "vitest/config";

/** The tests in a real browser: `npm run test:browser`. The pages are built first, where they are not up to date. */
export default defineConfig({
  ssr: { resolve: { conditions: ["moorline-source", "node", "import", "default"] } },
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/browser/support/build-pages.ts"],
    globals: false,
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
