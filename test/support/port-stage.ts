import {
  type Client,
  ConnectError,
  createClient,
  type Interceptor,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { RequestRejectedSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import {
  createDaemonServer,
  createIdentity,
  type DaemonServer,
  type DaemonServerOptions,
  type ListenOptions,
  type ServerEvent,
} from "../../src/server/index.ts";
import { nameOfCode } from "../../src/wire/verdict.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

/** A session key. */
export const KEY = "key-of-a-plain-caller_0001";
const identity = createIdentity({ name: "port", version: "1" });

/** How a daemon can be called without a channel. */
export const PROTOCOLS = ["connect-1", "connect-2", "grpc", "grpc-web-1", "grpc-web-2"] as const;
export type PlainProtocol = (typeof PROTOCOLS)[number];

/** A daemon on a real port. */
export interface PortStage {
  readonly server: DaemonServer;
  readonly port: number;
  readonly endpoint: string;
  readonly events: ServerEvent[];
  close(): Promise<void>;
}

/** Options of {@link stagePort}. */
export interface PortOptions extends Partial<DaemonServerOptions> {
  readonly echo?: Partial<ServiceImpl<typeof EchoService>>;
  readonly where?: ListenOptions;
}

/** Starts a daemon. Everybody is let in, unless the options say something else. */
export async function stagePort({ echo, where, ...options }: PortOptions = {}): Promise<PortStage> {
  const events: ServerEvent[] = [];
  const server = createDaemonServer({
    identity,
    routes: (router) => void router.service(EchoService, echo ?? { say: ({ text }) => ({ text: `${text}!` }) }),
    logger: { warn() {}, error() {} },
    onEvent: (event) => events.push(event),
    ...(options.authenticate === undefined ? { insecureNoAuth: true } : {}),
    ...options,
  });
  const { port, endpoint } = await server.listen(where);
  return { server, port, endpoint, events, close: () => server.close() };
}

/** A transport of Connect's own. */
export function transportOf(protocol: PlainProtocol, baseUrl: string, interceptors: Interceptor[] = []): Transport {
  const nodeOptions = { rejectUnauthorized: false };
  if (protocol === "grpc")
    return createGrpcTransport({ baseUrl, nodeOptions, interceptors, idleConnectionTimeoutMs: 100 });
  const httpVersion = protocol.endsWith("2") ? "2" : "1.1";
  const options = { baseUrl, httpVersion, nodeOptions, interceptors } as const;
  const create = protocol.startsWith("connect") ? createConnectTransport : createGrpcWebTransport;
  return create(httpVersion === "2" ? { ...options, httpVersion, idleConnectionTimeoutMs: 100 } : (options as never));
}

/** A client of the echo service. */
export function echoOf({ port }: PortStage, protocol: PlainProtocol, scheme = "http"): Client<typeof EchoService> {
  return createClient(EchoService, transportOf(protocol, `${scheme}://127.0.0.1:${port}`));
}

/** Call options with a session key, and more headers. */
export function withKey(key = KEY, headers: Readonly<Record<string, string>> = {}) {
  return { headers: { "moorline-session-key": key, ...headers } };
}

/** What a call was refused with: the status and, where there is one, the name of the close code. */
export async function refusalOf(call: Promise<unknown>): Promise<readonly [number, string | undefined]> {
  const error = await call.then(
    () => {
      throw new Error("the call was answered");
    },
    (thrown: unknown) => ConnectError.from(thrown),
  );
  const [detail] = error.findDetails(RequestRejectedSchema);
  return [error.code, detail?.rejection && nameOfCode(detail.rejection.code)];
}
