import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { fromJSON, loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

/** A client of grpc-js, whose methods are made from a .proto file when it is loaded. */
type StockClient = grpc.Client & Readonly<Record<string, (...args: unknown[]) => unknown>>;

const root = fileURLToPath(new URL("../..", import.meta.url));
const includeDirs = [`${root}proto`, `${root}test/unit/rpc/proto`];
const STATUS = {
  options: { syntax: "proto3" },
  nested: {
    Any: { fields: { type_url: { type: "string", id: 1 }, value: { type: "bytes", id: 2 } } },
    Status: {
      fields: {
        code: { type: "int32", id: 1 },
        message: { type: "string", id: 2 },
        details: { rule: "repeated", type: "Any", id: 3 },
      },
    },
  },
};

/** A client of a service, by a .proto file alone: nothing of this project is used. */
export function loadStockClient(file: string, service: string, port: number): StockClient {
  const loaded = grpc.loadPackageDefinition(loadSync(file, { includeDirs, keepCase: true, enums: String }));
  let found: unknown = loaded;
  for (const name of service.split(".")) found = (found as Readonly<Record<string, unknown>>)[name];
  const create = found as new (address: string, credentials: grpc.ChannelCredentials) => StockClient;
  return new create(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
}

/** Makes a unary call. */
export function callStock(
  client: StockClient,
  method: string,
  request: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new Promise((resolve, reject) => {
    client[method]?.(request, metadata, (error: grpc.ServiceError | null, answer: unknown) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

/** The typed rejection in the details of an error, decoded by the .proto file alone. */
export function readStockRejection(error: grpc.ServiceError): unknown {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = decode(fromJSON({ nested: STATUS.nested } as never, {}), "Status", bytes as Buffer);
  const [detail] = (
    status as { readonly details: ReadonlyArray<{ readonly type_url: string; readonly value: Buffer }> }
  ).details;
  if (detail === undefined) return undefined;
  const definitions = loadSync("moorline/session/v1/error.proto", { includeDirs, keepCase: true, enums: String });
  return decode(definitions, detail.type_url.replace(/^.*\//, ""), detail.value);
}

function decode(definitions: object, type: string, bytes: Buffer): unknown {
  const definition = (definitions as Readonly<Record<string, MessageTypeDefinition<object, object> | undefined>>)[type];
  return definition?.deserialize(bytes);
}
