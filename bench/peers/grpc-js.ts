import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { type Peer, type PeerClient, payloadOf } from "./peer.ts";

const PROTO = fileURLToPath(new URL("../proto/moorbench/v1/bench.proto", import.meta.url));
const OPTIONS = { "grpc.max_receive_message_length": 1 << 24 };

interface Item {
  readonly payload: Uint8Array;
}

function loadService(): grpc.ServiceClientConstructor {
  const loaded = grpc.loadPackageDefinition(loadSync(PROTO, { longs: Number }));
  const packages = loaded as unknown as { moorbench: { v1: { BenchService: grpc.ServiceClientConstructor } } };
  return packages.moorbench.v1.BenchService;
}

function writeMany(
  stream: { write(item: Item): boolean; once(event: "drain", go: () => void): unknown },
  count: number,
  size: number,
) {
  const payload = payloadOf(size);
  return new Promise<void>((resolve) => {
    let sent = 0;
    const go = (): void => {
      while (sent < count) {
        sent += 1;
        if (!stream.write({ payload })) return void stream.once("drain", go);
      }
      resolve();
    };
    go();
  });
}

const handlers: grpc.UntypedServiceImplementation = {
  Echo: ((call: grpc.ServerUnaryCall<Item, Item>, answer: grpc.sendUnaryData<Item>) =>
    answer(null, call.request)) as grpc.UntypedHandleCall,
  Down: (async (call: grpc.ServerWritableStream<{ count: number; size: number }, Item>) => {
    await writeMany(call, call.request.count, call.request.size);
    call.end();
  }) as grpc.UntypedHandleCall,
  Up: ((call: grpc.ServerReadableStream<Item, { count: number }>, answer: grpc.sendUnaryData<{ count: number }>) => {
    let count = 0;
    call.on("data", () => {
      count += 1;
    });
    call.on("end", () => answer(null, { count }));
  }) as grpc.UntypedHandleCall,
  Chat: ((call: grpc.ServerDuplexStream<Item, Item>) => {
    call.on("data", (item: Item) => call.write(item));
    call.on("end", () => call.end());
  }) as grpc.UntypedHandleCall,
};

/** @grpc/grpc-js with proto-loader, plain. */
export const grpcJs: Peer = {
  name: "grpc-js",
  serve() {
    const server = new grpc.Server(OPTIONS);
    server.addService(loadService().service, handlers);
    return new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  },
  async dial(port) {
    const client = new (loadService())(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), OPTIONS);
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 5000, (error) => (error === undefined ? resolve() : reject(error))),
    );
    return clientOf(client);
  },
};

function clientOf(client: grpc.Client): PeerClient {
  const bench = client as unknown as {
    echo(item: Item, options: grpc.CallOptions, answer: (error: grpc.ServiceError | null) => void): void;
    down(request: { count: number; size: number }): grpc.ClientReadableStream<Item>;
    up(answer: (error: grpc.ServiceError | null) => void): grpc.ClientWritableStream<Item>;
    chat(): grpc.ClientDuplexStream<Item, Item>;
  };
  const echo = (payload: Uint8Array, options: grpc.CallOptions): Promise<void> =>
    new Promise((resolve, reject) => bench.echo({ payload }, options, (error) => (error ? reject(error) : resolve())));
  return {
    down: (count, size) =>
      new Promise((resolve, reject) => {
        bench
          .down({ count, size })
          .on("data", () => {})
          .on("end", resolve)
          .on("error", reject);
      }),
    async up(count, size) {
      let stream: grpc.ClientWritableStream<Item> | undefined;
      const finished = new Promise<void>((resolve, reject) => {
        stream = bench.up((error) => (error ? reject(error) : resolve()));
      });
      if (stream !== undefined) await writeMany(stream, count, size);
      stream?.end();
      await finished;
    },
    async chat() {
      const stream = bench.chat();
      const waiting: Array<() => void> = [];
      stream.on("data", () => waiting.shift()?.());
      stream.on("error", () => {});
      return (payload) =>
        new Promise((resolve) => {
          waiting.push(resolve);
          stream.write({ payload });
        });
    },
    unary: (payload) => echo(payload, {}),
    unaryWithDeadline: (payload) =>
      echo(payload, {
        deadline: Date.now() + 10_000,
        interceptors: [(options, next) => new grpc.InterceptingCall(next(options))],
      }),
    close: () => client.close(),
  };
}
