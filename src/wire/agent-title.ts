import type { CreateAgentRequest } from "../../gen/moorline/agent/v1/agent_service_pb.ts";

/** The most characters of a title. Spec: AGENT-20. */
export const MAX_TITLE_CHARACTERS = 200;

/** What an agent is called that nobody has given a title: what it is to do, on one line. Spec: AGENT-20. */
export function makeTitle({ task, providerId }: Pick<CreateAgentRequest, "task" | "providerId">): string {
  const text = task.case === "command" ? task.value.argv.join(" ") : task.case === "prompt" ? task.value.text : "";
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return [...line].slice(0, MAX_TITLE_CHARACTERS).join("") || providerId;
}
