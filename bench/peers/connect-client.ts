import type { Client } from "@connectrpc/connect";
import type { BenchService } from "../gen/moorbench/v1/bench_pb.ts";
import { type PeerClient, payloadOf } from "./peer.ts";

type Bench = Client<typeof BenchService>;

/** How the benchmarks use a client that Connect has generated, whatever carries it. */
export function benchClient(bench: Bench, intercepted: Bench, close: () => void): PeerClient {
  return {
    async down(count, size) {
      for await (const _ of bench.down({ count, size })) {
        // Only the arrival counts.
      }
    },
    async up(count, size) {
      async function* requests() {
        const payload = payloadOf(size);
        for (let sent = 0; sent < count; sent += 1) yield { payload };
      }
      await bench.up(requests());
    },
    chat: () => openChat(bench),
    unary: async (payload) => void (await bench.echo({ payload })),
    unaryWithDeadline: async (payload) => void (await intercepted.echo({ payload }, { timeoutMs: 10_000 })),
    close,
  };
}

/** Opens a conversation. The call runs until its client ends. */
export async function openChat(bench: Pick<Bench, "chat">): Promise<(payload: Uint8Array) => Promise<void>> {
  let send: (payload: Uint8Array) => void = () => {};
  const next = (): Promise<Uint8Array> =>
    new Promise((resolve) => {
      send = resolve;
    });
  let pending = next();
  async function* requests() {
    for (;;) {
      const payload = await pending;
      pending = next();
      yield { payload };
    }
  }
  const answers = bench.chat(requests())[Symbol.asyncIterator]();
  return async (payload) => {
    send(payload);
    await answers.next();
  };
}
