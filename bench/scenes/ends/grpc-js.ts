import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** The program is built to bench/tmp: the schema lies two folders up. */
const PROTOS = fileURLToPath(new URL("../../proto", import.meta.url));
const OPTIONS = { "grpc.max_receive_message_length": 1 << 28 };

/** What a service of moorline.agent.v1 is called with grpc-js. */
export type ServiceConstructor = grpc.ServiceClientConstructor;

/** Loads a service of moorline.agent.v1. @param file The name of its file, without its ending. */
export function loadService(file: string, name: string): ServiceConstructor {
  const definition = loadSync(`moorline/agent/v1/${file}.proto`, {
    includeDirs: [PROTOS],
    longs: Number,
    oneofs: true,
  });
  const loaded = grpc.loadPackageDefinition(definition) as unknown as {
    readonly moorline: { readonly agent: { readonly v1: Readonly<Record<string, ServiceConstructor>> } };
  };
  const service = loaded.moorline.agent.v1[name];
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return service;
}

/** Serves a service with some handlers. @returns The port. */
export function serveGrpc(service: ServiceConstructor, handlers: grpc.UntypedServiceImplementation): Promise<number> {
  const server = new grpc.Server(OPTIONS);
  server.addService(service.service, handlers);
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Connects a client. */
export async function dialGrpc<T>(service: ServiceConstructor, port: number): Promise<T> {
  const client = new service(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), OPTIONS);
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + 5000, (error) => (error === undefined ? resolve() : reject(error))),
  );
  return client as unknown as T;
}

/** Writes messages and waits where the stream says so. */
export function writeMany(
  stream: { write(message: unknown): boolean; once(event: "drain", go: () => void): unknown },
  count: number,
  create: (index: number) => unknown,
): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    const go = (): void => {
      while (sent < count) {
        const message = create(sent);
        sent += 1;
        if (!stream.write(message)) return void stream.once("drain", go);
      }
      resolve();
    };
    go();
  });
}
