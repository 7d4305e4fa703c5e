import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["moorline-source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/browser/**", "**/node_modules/**"],
    globals: false,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
