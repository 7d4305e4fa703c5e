// @vitest-environment happy-dom
import type { ReactNode } from "react";
import { describe, expect, it } from "vitest";
import {
  MoorlineProvider,
  type MoorlineProviderProps,
  useAgentIds,
  useAgents,
  useConnection,
} from "../../../src/react/index.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { createFakeHost } from "./support/fake-host.ts";
import { mount } from "./support/mount.tsx";

const wrong = (value: unknown): never => value as never;

/** What a hook throws below a provider. */
async function thrownBy(hook: () => unknown, given: Partial<MoorlineProviderProps> = {}): Promise<MoorlineError> {
  function Calling(): ReactNode {
    hook();
    return "nothing was thrown";
  }
  const error = await mount(
    <MoorlineProvider host={createFakeHost("A").host} {...given}>
      <Calling />
    </MoorlineProvider>,
  ).then(
    () => expect.unreachable(),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MoorlineError)) throw error;
  return error;
}

describe("hooks: what they are given in another form", () => {
  it.each<[string, () => unknown]>([
    ["a selector that is a text", () => useConnection(wrong("phase"))],
    ["a filter that is a function", () => useAgents(wrong(() => true))],
    ["a filter that is a list", () => useAgentIds(wrong([]))],
    ["a filter that cannot be compared", () => useAgents(wrong({ statuses: [1n] }))],
    ["an order that is a text", () => useAgents({}, { order: wrong("title") })],
    ["a range that is a number", () => useAgentIds({}, { range: wrong(10) })],
    ["a range without a start", () => useAgentIds({}, { range: wrong({ end: 10 }) })],
    ["a range to a text", () => useAgentIds({}, { range: wrong({ start: 0, end: "10" }) })],
    ["an order by nothing", () => useAgents({}, { order: wrong({ by: "colour" }) })],
  ])("refuse %s, and say what to give [REACT-14]", async (_, hook) => {
    const error = await thrownBy(hook);
    expect(error.code).toBe("OPTION_INVALID");
    expect(error.action).toMatch(/^Give .*\.$/);
  });

  it.each<[string, Partial<MoorlineProviderProps>]>([
    ["a host that is a profile", { host: wrong({ serverId: "A" }) }],
    ["a fleet that is a list", { fleet: wrong([]) }],
  ])("refuse %s [REACT-14]", async (_, given) => {
    expect((await thrownBy(() => undefined, given)).code).toBe("OPTION_INVALID");
  });
});
