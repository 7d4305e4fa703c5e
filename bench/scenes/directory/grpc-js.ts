import { toBinary } from "@bufbuild/protobuf";
import type { ClientReadableStream, ServerWritableStream, UntypedHandleCall } from "@grpc/grpc-js";
import { GetAgentResponseSchema } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { dialGrpc, loadService, serveGrpc } from "../ends/grpc-js.ts";
import { NOTHING, type Scene } from "../scene.ts";
import { ChangingAgents } from "./changes.ts";
import { Follower } from "./follower.ts";
import { createSampleAgent } from "./sample-agents.ts";

/** An agent as proto-loader gives it. */
interface LoadedAgent {
  readonly title: string;
}

interface Response {
  readonly agentsChanged?: { readonly upserted: ReadonlyArray<{ readonly agent: LoadedAgent }> };
}

const load = () => loadService("directory_service", "AgentDirectoryService");

/** @grpc/grpc-js with the same schema: a server stream with one message for each change. */
export const grpcJsDirectory: Scene = {
  async serve() {
    const service = load();
    const streams = new Set<ServerWritableStream<unknown, unknown>>();
    const decode = service.service.GetAgent?.responseDeserialize as (bytes: Buffer) => { readonly agent: LoadedAgent };
    let revision = 0;
    const { acts } = new ChangingAgents<LoadedAgent>({
      create: (index) => {
        // Its own object of a message that means the same.
        const response = { $typeName: GetAgentResponseSchema.typeName, agent: createSampleAgent(index) } as const;
        return decode(Buffer.from(toBinary(GetAgentResponseSchema, response))).agent;
      },
      retitle: (agent, title) => ({ ...agent, title }),
      show: (agent) => {
        revision += 1;
        for (const stream of streams) stream.write({ agentsChanged: { upserted: [{ agent, revision }] } });
      },
    });
    const WatchAgents = ((call: ServerWritableStream<unknown, unknown>) => {
      streams.add(call);
      call.write({ mark: {} });
    }) as UntypedHandleCall;
    return { port: await serveGrpc(service, { WatchAgents }), acts };
  },
  async dial(port) {
    const client = await dialGrpc<{ watchAgents(request: object): ClientReadableStream<Response> }>(load(), port);
    const follower = new Follower();
    const watch = () =>
      new Promise<typeof NOTHING>((resolve, reject) => {
        const stream = client.watchAgents({});
        stream.on("error", reject);
        stream.on("data", ({ agentsChanged }: Response) => {
          if (agentsChanged === undefined) resolve(NOTHING);
          else for (const { agent } of agentsChanged.upserted) follower.came(agent.title);
        });
      });
    return { watch, follow: follower.follow };
  },
};
