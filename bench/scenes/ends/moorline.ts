import type { ConnectRouter } from "@connectrpc/connect";
import {
  type Connection,
  type ConnectionListener,
  createDaemonClient,
  createGeneratedCodecs,
  createSessionKey,
  type DaemonClient,
  type Transport,
} from "moorline";
import { createWsTransport } from "moorline/node";
import { directoryServiceCodes } from "moorline/schema/moorline/agent/v1/directory_service_codec";
import { timelineServiceCodes } from "moorline/schema/moorline/agent/v1/timeline_service_codec";
import { createDaemonServer, createIdentity, type DaemonServerOptions } from "moorline/server";

/** What a program gives that follows agents. */
const agentCodecs = createGeneratedCodecs(directoryServiceCodes, timelineServiceCodes);

/** Serves some routes with everything on. @returns The port. */
export async function serveRoutes(
  routes: (router: ConnectRouter) => void,
  options: Pick<DaemonServerOptions, "store" | "journal" | "codecs" | "limits"> = {},
): Promise<number> {
  const server = createDaemonServer({
    codecs: agentCodecs,
    ...options,
    identity: createIdentity({ name: "bench", version: "1.0.0" }),
    routes,
    insecureNoAuth: true,
    logger: { warn: () => {}, error: console.error },
    onTransition: () => {},
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return port;
}

/** Connects a client. @param transport Default: that of `ws`. */
export async function dialServer(port: number, transport: Transport = createWsTransport()): Promise<DaemonClient> {
  const client = createDaemonClient({
    endpoint: `ws://127.0.0.1:${port}`,
    client: { name: "bench", version: "1.0.0" },
    sessionKey: createSessionKey(),
    transport,
    codecs: agentCodecs,
    onTransition: () => {},
  });
  await client.ensureConnected();
  return client;
}

/** A transport that counts what comes. */
export class CountingTransport implements Transport {
  readonly name = "counting";
  /** Bytes of all messages so far. */
  receivedBytes = 0;
  private readonly inner = createWsTransport();

  dial(endpoint: string, listener: ConnectionListener): Connection {
    return this.inner.dial(endpoint, {
      opened: () => listener.opened(),
      received: (message) => {
        this.receivedBytes += message.length;
        listener.received(message);
      },
      drained: () => listener.drained(),
      closed: (close) => listener.closed(close),
    });
  }
}
