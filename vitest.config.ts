import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["moorline-source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/browser/**", "test/mutation/**", "**/node_modules/**"],
    globals: false,
    pool: "forks",
    maxWorkers: 2,
    // Limits for what hangs, not for what is slow: a busy machine must not fail a test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
