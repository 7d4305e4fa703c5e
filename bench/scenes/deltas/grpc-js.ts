import type { ClientReadableStream, ServerWritableStream, UntypedHandleCall } from "@grpc/grpc-js";
import { dialGrpc, loadService, serveGrpc, writeMany } from "../ends/grpc-js.ts";
import type { Scene } from "../scene.ts";
import { createDelta } from "./delta.ts";
import { Receiver } from "./receiver.ts";

interface Request {
  readonly agentId: string;
}

interface Response {
  readonly textAppended?: { readonly offset: number };
}

const load = () => loadService("timeline_service", "TimelineService");

/** @grpc/grpc-js with the same schema. */
export const grpcJsDeltas: Scene = {
  async serve() {
    const WatchTimeline = (async (call: ServerWritableStream<Request, unknown>) => {
      await writeMany(call, Number(call.request.agentId), (index) => ({ textAppended: createDelta(index) }));
      call.end();
    }) as UntypedHandleCall;
    return { port: await serveGrpc(load(), { WatchTimeline }), acts: {} };
  },
  async dial(port) {
    const client = await dialGrpc<{ watchTimeline(request: Request): ClientReadableStream<Response> }>(load(), port);
    const receiver = new Receiver();
    const watch = (count: number): void => {
      const stream = client.watchTimeline({ agentId: `${count}` });
      stream.on("data", ({ textAppended }: Response) => receiver.came(textAppended?.offset));
    };
    return { receive: (parameters) => receiver.receive(parameters, watch) };
  },
};
