import type { ConnectRouter } from "@connectrpc/connect";
import { BenchService, type ChatRequest, type DownRequest, type UpRequest } from "../gen/moorbench/v1/bench_pb.ts";
import { payloadOf } from "./peer.ts";

async function* down({ count, size }: DownRequest) {
  const payload = payloadOf(size);
  for (let sent = 0; sent < count; sent += 1) yield { payload };
}

async function up(requests: AsyncIterable<UpRequest>) {
  let count = 0;
  for await (const _ of requests) count += 1;
  return { count };
}

async function* chat(requests: AsyncIterable<ChatRequest>) {
  for await (const { payload } of requests) yield { payload };
}

/** The service of the benchmarks for the peers that run Connect's handlers. */
export function routes(router: ConnectRouter): void {
  router.service(BenchService, { echo: ({ payload }) => ({ payload }), down, up, chat });
}
