import { isAbsolute } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type Agent, AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { MAX_TITLE_CHARACTERS, makeTitle } from "../../wire/agent-title.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import { createInvalid } from "./agent-errors.ts";

/** The most bytes of a prompt: 256 KiB. Spec: AGENT-20. */
const MAX_PROMPT_BYTES = 262_144;
/** The most bytes of all variables, names and values: 128 KiB. Spec: AGENT-20. */
const MAX_ENVIRONMENT_BYTES = 131_072;
const MAX_LABELS = 16;
const MAX_LABEL_CHARACTERS = 64;
const MAX_CREATION_ID_CHARACTERS = 64;

/**
 * The agent that a request asks for, as it begins.
 * @param daemonDirectory Where it works if the request does not say.
 * @throws ConnectError INVALID_ARGUMENT. Spec: AGENT-20.
 */
export function createNewAgent(
  id: string,
  request: CreateAgentRequest,
  daemonDirectory: string,
  wallMs: number,
): Agent {
  const { providerId, settings, task, labels, title, workingDirectory, environment, creationId } = request;
  if (workingDirectory !== "" && !isAbsolute(workingDirectory))
    throw createInvalid("working_directory is not absolute");
  if (task.case === "prompt") checkPrompt(task.value.text);
  checkEnvironment(environment);
  const at = timestampOf(wallMs);
  return create(AgentSchema, {
    id,
    providerId,
    title: title === "" ? makeTitle(request) : checkTitle(title),
    workingDirectory: workingDirectory || daemonDirectory,
    labels: checkLabels(labels),
    status: AgentStatus.STARTING,
    ...(settings === undefined ? {} : { settings }),
    createdAt: at,
    updatedAt: at,
    creationId: checkCreationId(creationId),
  });
}

/** A title that somebody has given. @throws ConnectError INVALID_ARGUMENT. */
export function checkTitle(title: string): string {
  if (title === "") throw createInvalid("the title is empty");
  if ([...title].length > MAX_TITLE_CHARACTERS) {
    throw createInvalid(`the title has more than ${MAX_TITLE_CHARACTERS} characters`);
  }
  return title;
}

/** Labels that somebody has given. @throws ConnectError INVALID_ARGUMENT. */
export function checkLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const all = Object.entries(labels);
  if (all.length > MAX_LABELS) throw createInvalid(`there are more than ${MAX_LABELS} labels`);
  for (const text of all.flat()) {
    const { length } = [...text];
    if (length === 0 || length > MAX_LABEL_CHARACTERS) {
      throw createInvalid(`names and values of labels have 1 to ${MAX_LABEL_CHARACTERS} characters`);
    }
  }
  return { ...labels };
}

/** What a client calls its creation. @throws ConnectError INVALID_ARGUMENT. Spec: AGENT-28. */
function checkCreationId(creationId: string): string {
  if ([...creationId].length <= MAX_CREATION_ID_CHARACTERS) return creationId;
  throw createInvalid(`creation_id has more than ${MAX_CREATION_ID_CHARACTERS} characters`);
}

/** A prompt that somebody has given. @throws ConnectError INVALID_ARGUMENT. */
export function checkPrompt(text: string): string {
  if (Buffer.byteLength(text) <= MAX_PROMPT_BYTES) return text;
  throw createInvalid(`the text has more than ${MAX_PROMPT_BYTES} bytes`);
}

/** They are kept with the agent, for runs that begin anew. */
function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > MAX_ENVIRONMENT_BYTES) throw createInvalid(`environment has more than ${MAX_ENVIRONMENT_BYTES} bytes`);
}
