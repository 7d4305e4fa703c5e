import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CapabilityMissingSchema } from "../../gen/moorline/agent/v1/error_pb.ts";
import { PresenceService } from "../../gen/moorline/agent/v1/presence_service_pb.ts";
import { type ProviderCapability, ProviderCapabilitySchema } from "../../gen/moorline/agent/v1/provider_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../../src/client/index.ts";
import { CommandProvider } from "../../src/daemon/command/command-provider.ts";
import { openTestDaemon } from "../support/open-daemon.ts";

const services: readonly DescService[] = [AgentService, AgentDirectoryService, TimelineService, PresenceService];

/** What a method is called with: what an agent is needed for, and the fields that need a capability of their own. */
interface Trial {
  /** What is done with an agent before. Default: there is one that runs. */
  readonly before?: "waits";
  readonly request?: (agentId: string) => object;
  /** The field that needs the capability, where it is not the method as a whole. */
  readonly field?: string;
  /** The capability that the schema says it needs. */
  readonly needs?: string;
}

const TRIALS: Readonly<Record<string, readonly Trial[]>> = {
  CreateAgent: [{ request: () => ({ providerId: "command", task: command("true") }) }],
  SendPrompt: [
    { request: (agentId) => ({ agentId, text: "x" }), needs: "PROMPTS" },
    { request: (agentId) => ({ agentId, text: "x", closeInput: true }), field: "close_input", needs: "CLOSE_INPUT" },
  ],
  CancelTurn: [{ needs: "CANCEL" }],
  ResolvePermission: [
    {
      before: "waits",
      request: (agentId) => ({ agentId, permissionId: "command", optionId: "allow" }),
      needs: "PERMISSIONS",
    },
  ],
  UpdateAgent: [{ request: (agentId) => ({ agentId, title: "another" }) }],
  UpdateAgentSettings: [
    { request: (agentId) => ({ agentId, modeId: "m" }), field: "mode_id", needs: "MODES" },
    { request: (agentId) => ({ agentId, modelId: "m" }), field: "model_id", needs: "MODELS" },
    { request: (agentId) => ({ agentId, thinkingId: "t" }), field: "thinking_id", needs: "THINKING" },
  ],
  ClearAttention: [{}],
  ArchiveAgent: [{}],
  DeleteAgent: [{}],
  WaitForIdle: [{ request: (agentId) => ({ agentId, timeout: {} }) }],
  ListProviders: [{ request: () => ({}) }],
  ListAgents: [{ request: () => ({}) }],
  GetAgent: [{}],
  WatchAgents: [{ request: () => ({}) }],
  ListTimeline: [{}],
  WatchTimeline: [{}],
  ReportPresence: [{ request: (agentId) => ({ agentId, state: 1 }) }],
  RegisterPushToken: [{ request: () => ({ service: "apns", token: "t" }) }],
};

function command(...argv: string[]) {
  return { case: "command" as const, value: { argv } };
}

/** An agent that runs, or waits for its permission. */
async function createAgent(client: DaemonClient, before: Trial["before"]): Promise<string> {
  const agents = client.service(AgentService);
  const argv = before === "waits" ? ["sleep", "60"] : ["cat"];
  const { agent } = await agents.createAgent({ providerId: "command", task: command(...argv) });
  const agentId = agent?.id ?? "";
  const isThere = async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status;
  const wanted = before === "waits" ? 4 : 2;
  await expect.poll(isThere).toBe(wanted);
  return agentId;
}

/** What a method answers: `works`, or the capability that is missing. */
async function tryMethod(client: DaemonClient, method: DescMethod, { before, request }: Trial): Promise<string> {
  const agentId = await createAgent(client, before);
  type Callable = Readonly<Record<string, (request: object) => Promise<unknown> | AsyncIterable<unknown>>>;
  const service = client.service(method.parent as typeof AgentService) as unknown as Callable;
  try {
    const answer = service[method.localName]?.(request?.(agentId) ?? { agentId });
    if (method.methodKind === "unary") await answer;
    else for await (const _ of answer as AsyncIterable<unknown>) break;
    return "works";
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [missing] = error.findDetails(CapabilityMissingSchema);
    if (error.code !== Code.FailedPrecondition || missing === undefined) throw error;
    return capabilityName(missing.capability);
  }
}

function capabilityName(capability: ProviderCapability): string {
  return (ProviderCapabilitySchema.value[capability]?.name ?? "").replace("PROVIDER_CAPABILITY_", "");
}

const HEADER = `# What each provider can do

Made by \`test/story/methods.test.ts\`, which calls every method of the family with an agent of each provider of the reference
daemon. A method that is not there for a provider ends with \`FAILED_PRECONDITION\` and \`CapabilityMissing\`, which names what
the provider lacks; \`ListProviders\` says the same.

| method | needs | \`command\` |
|---|---|---|
`;

describe("every method of the family, with every provider", () => {
  it("works, or says which capability is missing, as ListProviders does [AGENT-16]", async () => {
    const policy = [{ argv: ["sleep"], verdict: "ask" as const }];
    const client = (await openTestDaemon({ providers: [new CommandProvider({ policy })] })).client();
    const { providers } = await client.service(AgentService).listProviders({});
    const able = new Set(providers.flatMap(({ capabilities }) => capabilities.map(capabilityName)));
    const rows: string[] = [];
    for (const method of services.flatMap(({ methods }) => methods)) {
      const trials = TRIALS[method.name];
      if (trials === undefined) throw new Error(`${method.name} is not tried`);
      for (const trial of trials) {
        const { field, needs } = trial;
        const outcome = await tryMethod(client, method, trial);
        expect([method.name, outcome]).toEqual([method.name, needs === undefined || able.has(needs) ? "works" : needs]);
        const name = `\`${method.parent.name}.${method.name}\`${field === undefined ? "" : ` with \`${field}\``}`;
        rows.push(
          `| ${name} | ${needs === undefined ? "" : `\`${needs}\``} | ${outcome === "works" ? "works" : "missing"} |`,
        );
      }
    }
    await expect(`${HEADER}${rows.join("\n")}\n`).toMatchFileSnapshot("../../docs/providers.md");
  });
});
