/**
 * The finding: components started, repaired and probed connections in effects, whenever the app came to the foreground. A
 * component renders what it is shown and says what somebody wants; it neither starts nor stops nor repairs a connection.
 */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findLifecycleCalls } from "./support/find-lifecycle-calls.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const criticised = new URL("criticised/lifecycle-in-effects.tsx.txt", import.meta.url);
const hooks = globSync("src/react/**/*.{ts,tsx}", { cwd: ROOT });

describe("finding 4: React renders only", () => {
  it("has no hook that starts, stops or repairs a connection by itself [INV-11]", () => {
    expect(hooks).not.toEqual([]);
    const found = hooks.flatMap((file) => {
      return findLifecycleCalls(readFileSync(`${ROOT}/${file}`, "utf8")).map((call) => `${file}: ${call}`);
    });
    expect(found).toEqual([]);
  });

  it("does not hold for a component that connects when it is shown", () => {
    expect(findLifecycleCalls(readFileSync(criticised, "utf8"))).toEqual([
      "useEffect",
      "ensureConnectedAll",
      "runProbeCycleNow",
      "start",
    ]);
  });
});
