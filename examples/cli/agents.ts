import { copyFileSync, mkdirSync } from "node:fs";
import type { DescEnum } from "@bufbuild/protobuf";
import { MoorlineError } from "moorline";
import { createHostProfile, describeDaemon, type HostStatus, hostFailureOf } from "moorline/runtime";
import { type Agent, AgentStatusSchema } from "moorline/schema/moorline/agent/v1/agent_pb.js";
import { HostStatusSchema } from "moorline/schema/moorline/state/v1/fleet_pb.js";
import { HostErrorReasonSchema } from "moorline/schema/moorline/state/v1/reason_pb.js";
import { followAgent } from "./follow-agent.ts";
import { openFleet, tokenFile } from "./open-fleet.ts";

const home = process.env.AGENTS_HOME ?? ".agents";
const fleet = openFleet(home);

/** An enum of a newer daemon may have values that this version has no name for. */
const nameOf = ({ value }: DescEnum, number: number): string => value[number]?.localName ?? "unknown";

async function addHost(endpoint: string, token: string): Promise<void> {
  const { serverId, name } = await describeDaemon(endpoint);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  copyFileSync(token, tokenFile(home, serverId));
  await fleet.add(createHostProfile({ serverId, label: name, candidates: [{ direct: endpoint }] }));
  console.log(`added ${name}`);
}

/** Every host and every agent, and again whenever it has changed. */
async function watchAgents(): Promise<void> {
  const statuses = new Map<string, HostStatus>();
  fleet.subscribe(() => {
    for (const { serverId, label, status, runtime } of fleet.getSnapshot().hosts) {
      if (statuses.get(serverId) === status) continue;
      statuses.set(serverId, status);
      const problem = hostFailureOf(runtime.snapshot);
      const why = problem?.kind === "error" ? `: ${nameOf(HostErrorReasonSchema, problem.reason)}` : "";
      console.log(`${label} is ${nameOf(HostStatusSchema, status)}${why}`);
    }
  });
  const printed = new Map<string, Agent>();
  fleet.agents.subscribe(() => {
    for (const { agent } of fleet.agents.getSnapshot()) {
      // An agent that has not changed is the very same object.
      if (printed.get(agent.id) === agent) continue;
      printed.set(agent.id, agent);
      console.log(`${agent.id}  ${nameOf(AgentStatusSchema, agent.status)}  ${agent.title}`);
    }
  });
  await fleet.start();
}

async function main([command = "watch", ...args]: readonly string[]): Promise<void> {
  const [first = "", second = ""] = args;
  if (command === "add") return addHost(first, second);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => fleet.stop());
  if (command === "watch") return watchAgents();
  await fleet.start();
  process.exitCode = await followAgent(fleet, first);
  fleet.stop();
}

main(process.argv.slice(2)).catch((error) => {
  const { text, action } = MoorlineError.from(error);
  console.error(`${text} ${action}`);
  process.exitCode = 1;
});
