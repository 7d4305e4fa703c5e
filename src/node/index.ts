/** The door of what only Node has. */
export { createWsTransport, type WsTransportOptions } from "../transport/ws-client.ts";
export { createFileStorage } from "./file-storage.ts";
export { createGrpcTransport, type GrpcTransportOptions } from "./grpc-transport.ts";
