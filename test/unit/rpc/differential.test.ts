import { describe, expect, it } from "vitest";
import { interceptorScenarios } from "./support/interceptor-scenarios.ts";
import { type Scenario, stages } from "./support/scenario.ts";
import { clientStreamScenarios, serverStreamScenarios } from "./support/stream-scenarios.ts";
import { unaryEndScenarios, unaryScenarios } from "./support/unary-scenarios.ts";

const tables: ReadonlyArray<readonly [name: string, scenarios: readonly Scenario[]]> = [
  ["unary calls", unaryScenarios],
  ["unary calls that do not run to their end", unaryEndScenarios],
  ["streams to the client", serverStreamScenarios],
  ["streams from the client and both ways", clientStreamScenarios],
  ["interceptors", interceptorScenarios],
];

describe.each(tables)("the same on Connect's transport and on a channel: %s", (_table, scenarios) => {
  describe.each(stages)("on %s", (_stage, play) => {
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s [CALL-7]", async (_name, scenario) => {
      const sort = (events: readonly string[]): string[] =>
        scenario.order === "any" ? events.toSorted() : [...events];
      expect(sort(await play(scenario))).toEqual(sort(scenario.expected));
    });
  });
});
