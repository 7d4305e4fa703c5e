import { type DescMethod, type DescService, fromJsonString, type MessageShape, toJsonString } from "@bufbuild/protobuf";
import { type Client, ConnectError } from "@connectrpc/connect";
import type { Command } from "commander";
import { file_moorline_agent_v1_agent_service } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { file_moorline_agent_v1_directory_service } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { file_moorline_agent_v1_presence_service } from "../../gen/moorline/agent/v1/presence_service_pb.ts";
import { file_moorline_agent_v1_timeline_service } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { file_moorline_session_v1_service } from "../../gen/moorline/session/v1/service_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { type CommandContext, runConnected } from "./command.ts";

const services: readonly DescService[] = [
  file_moorline_agent_v1_agent_service,
  file_moorline_agent_v1_directory_service,
  file_moorline_agent_v1_presence_service,
  file_moorline_agent_v1_timeline_service,
  file_moorline_session_v1_service,
].flatMap(({ services: all }) => all);

/** A method of a client, whatever its types. */
type AnyMethod = (request: object) => Promise<object> | AsyncIterable<object>;

/** Adds `moorline call SERVICE/METHOD JSON`: calls any method of the schema. */
export function addCall(program: Command): void {
  const command = program
    .command("call")
    .description("call a method of the daemon, and print what it answers")
    .argument("<method>", "SERVICE/METHOD, such as AgentDirectoryService/ListAgents")
    .argument("[json]", "the request, as the JSON of its schema", "{}");
  const check = ([path = "", json = "{}"]: readonly string[]): void => void readRequest(findMethod(path), json);
  runConnected(command, { connection: "once", check }, (context, [path = "", json = "{}"]) =>
    call(context, path, json),
  );
}

async function call({ client, output }: CommandContext, path: string, json: string): Promise<number> {
  const method = findMethod(path);
  const request = readRequest(method, json);
  const service = client.service(method.parent) as Client<DescService> as unknown as Readonly<
    Record<string, AnyMethod>
  >;
  const answer = service[method.localName]?.(request);
  if (answer === undefined) throw new MoorlineError("OPTION_INVALID", `${path} cannot be called.`);
  const print = (message: object): void => {
    const text = (value: MessageShape<typeof method.output>): string =>
      toJsonString(method.output, value, { prettySpaces: 2, alwaysEmitImplicit: true });
    output.message(method.output, message as MessageShape<typeof method.output>, text);
  };
  if (method.methodKind === "unary") print((await answer) as object);
  else for await (const message of answer as AsyncIterable<object>) print(message);
  return 0;
}

/** Finds a method by `package.Service/Method`; the package may be left out. */
function findMethod(path: string): DescMethod {
  const [serviceName = "", methodName = ""] = path.split("/");
  const service = services.find(({ name, typeName }) => name === serviceName || typeName === serviceName);
  const method = service?.methods.find(({ name, localName }) => name === methodName || localName === methodName);
  if (method === undefined) {
    const known = services.map(({ name }) => name).join(", ");
    throw new MoorlineError("OPTION_INVALID", `There is no method ${path}.`, { action: `The services are ${known}.` });
  }
  if (method.methodKind === "unary" || method.methodKind === "server_streaming") return method;
  throw new MoorlineError("OPTION_INVALID", `${path} takes a stream of requests.`, { action: "Use an SDK for it." });
}

function readRequest(method: DescMethod, json: string): object {
  try {
    return fromJsonString(method.input, json);
  } catch (error) {
    const text = `The request is no ${method.input.name}: ${ConnectError.from(error).rawMessage}.`;
    throw new MoorlineError("OPTION_INVALID", text, { action: "Give the JSON of the schema, between quotes." });
  }
}
