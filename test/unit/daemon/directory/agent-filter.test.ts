import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentAttention, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema, ArchivedFilter } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { resolveAgentFilter } from "../../../../src/daemon/directory/agent-filter.ts";
import { createAgent } from "./support/directory.ts";

type FilterInit = MessageInitShape<typeof AgentFilterSchema>;

const agents = [
  createAgent("idle"),
  createAgent("running", { status: AgentStatus.RUNNING, providerId: "acp" }),
  createAgent("failed", { status: AgentStatus.ERROR, attention: AgentAttention.ERROR, labels: { team: "red" } }),
  createAgent("archived", { archivedAt: {}, labels: { team: "red", tier: "" } }),
];

function resolve(init: FilterInit) {
  return resolveAgentFilter(create(AgentFilterSchema, init));
}

describe("an agent filter", () => {
  it.each<[string, FilterInit, string[]]>([
    ["nothing", {}, ["idle", "running", "failed"]],
    ["one status", { statuses: [AgentStatus.RUNNING] }, ["running"]],
    ["any of two statuses", { statuses: [AgentStatus.ERROR, AgentStatus.IDLE] }, ["idle", "failed"]],
    ["a status that nobody knows", { statuses: [99 as AgentStatus] }, []],
    ["a provider", { providerIds: ["acp", "other"] }, ["running"]],
    ["a label", { labels: { team: "red" } }, ["failed"]],
    ["a label of another value", { labels: { team: "blue" } }, []],
    ["an empty label, which is not a missing one", { labels: { tier: "" } }, []],
    [
      "two labels, archived agents too",
      { labels: { team: "red", tier: "" }, archived: ArchivedFilter.INCLUDED },
      ["archived"],
    ],
    ["a label that every object has", { labels: { toString: "" }, archived: ArchivedFilter.INCLUDED }, []],
    ["archived agents too", { archived: ArchivedFilter.INCLUDED }, ["idle", "running", "failed", "archived"]],
    ["archived agents only", { archived: ArchivedFilter.ONLY }, ["archived"]],
    ["an unknown wish about archived agents", { archived: 9 as ArchivedFilter }, ["idle", "running", "failed"]],
    ["attention", { onlyAttention: true }, ["failed"]],
    ["all of it", { onlyAttention: true, statuses: [AgentStatus.IDLE] }, []],
  ])("that asks for %s matches what it says [DIR-16]", (_, init, ids) => {
    const { matches } = resolve(init);
    expect(agents.filter((agent) => matches(agent)).map(({ id }) => id)).toEqual(ids);
  });

  it("has the same hash whatever the order, and however often something is said [DIR-17]", () => {
    const [one, other] = [AgentStatus.IDLE, AgentStatus.ERROR];
    const first = resolve({ statuses: [one, other], providerIds: ["a", "b"], labels: { x: "1", y: "2" } });
    const second = resolve({ statuses: [other, one, one], providerIds: ["b", "a", "a"], labels: { y: "2", x: "1" } });
    expect(second.hash).toBe(first.hash);
    expect(resolveAgentFilter(undefined).hash).toBe(resolve({}).hash);
    expect(resolve({ archived: 9 as ArchivedFilter }).hash).toBe(resolve({}).hash);
  });

  it("has another hash where it asks for something else [DIR-17]", () => {
    const inits: FilterInit[] = [
      {},
      { statuses: [AgentStatus.IDLE] },
      { providerIds: ["a", "b"] },
      { providerIds: ['a","b'] },
      { labels: { a: "b" } },
      { labels: { a: "", b: "" } },
      { archived: ArchivedFilter.ONLY },
      { onlyAttention: true },
    ];
    expect(new Set(inits.map((init) => resolve(init).hash)).size).toBe(inits.length);
  });

  it.each<[string, FilterInit]>([
    ["statuses", { statuses: new Array(17).fill(AgentStatus.IDLE) }],
    ["provider_ids", { providerIds: Array.from({ length: 17 }, (_, i) => `${i}`) }],
    ["labels", { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`${i}`, ""])) }],
  ])("is refused with more than 16 %s [DIR-18]", (what, init) => {
    expect(() => resolve(init)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }));
    expect(() => resolve(init)).toThrow(`at most 16 ${what}`);
  });

  it("takes 16 of each [DIR-18]", () => {
    const sixteen = Array.from({ length: 16 }, (_, i) => `${i}`);
    const labels = Object.fromEntries(sixteen.map((name) => [name, ""]));
    expect(
      resolve({ statuses: sixteen.map((text) => Number(text) as AgentStatus), providerIds: sixteen, labels }).hash,
    ).toHaveLength(43);
  });
});
