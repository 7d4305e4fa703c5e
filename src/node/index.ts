/** The door of what only Node has. */
export type { ErrorJson } from "../observe/error-to-json.ts";
export { createJsonLog, type JsonLog, type JsonLogOptions, type LogLevel } from "../observe/json-log.ts";
export { createWsTransport, type WsTransportOptions } from "../transport/ws-client.ts";
export { createFileHostRegistry } from "./file-host-registry.ts";
export { createFileStorage } from "./file-storage.ts";
export { createGrpcTransport, type GrpcTransportOptions } from "./grpc-transport.ts";
export { createSqliteMirrorStorage, type SqliteMirrorStorage } from "./sqlite-mirror-storage.ts";
