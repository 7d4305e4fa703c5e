import { once } from "node:events";
import type { ClientReadableStream, ServerWritableStream, UntypedHandleCall } from "@grpc/grpc-js";
import { dialGrpc, loadService, serveGrpc } from "../ends/grpc-js.ts";
import { type Figures, figureOf, type Scene } from "../scene.ts";
import { readLines } from "./print-lines.ts";

interface Request {
  readonly agentId: string;
}

const load = () => loadService("timeline_service", "TimelineService");

/** @grpc/grpc-js: one message of a server stream for each line of the process, and nothing is kept. */
export const grpcJsTimeline: Scene = {
  async serve() {
    const WatchTimeline = (async (call: ServerWritableStream<Request, unknown>) => {
      let seq = 0;
      for await (const line of readLines(Number(call.request.agentId))) {
        seq += 1;
        const item = { seq, revision: seq, commandOutput: { stream: 1, data: Buffer.from(line) } };
        if (!call.write({ itemAppended: { item } })) await once(call, "drain");
      }
      call.end();
    }) as UntypedHandleCall;
    return { port: await serveGrpc(load(), { WatchTimeline }), acts: {} };
  },
  async dial(port) {
    const client = await dialGrpc<{ watchTimeline(request: Request): ClientReadableStream<unknown> }>(load(), port);
    const run = (parameters: Figures): Promise<Figures> =>
      new Promise((resolve, reject) => {
        const lines = figureOf(parameters, "lines");
        const startMs = performance.now();
        let left = lines;
        const stream = client.watchTimeline({ agentId: `${lines}` });
        stream.on("error", reject);
        stream.on("data", () => {
          left -= 1;
          if (left === 0) resolve({ perSecond: (lines * 1000) / (performance.now() - startMs) });
        });
      });
    return { run };
  },
};
