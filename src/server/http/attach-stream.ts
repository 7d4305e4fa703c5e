import type { HandlerContext } from "@connectrpc/connect";
import type { StreamEnvelope } from "../../../gen/moorline/session/v1/service_pb.ts";
import type { Routes } from "../../rpc/route-table.ts";
import { attachMethod, toEnvelope } from "../../transport/attach-method.ts";
import type { Connection, ConnectionListener } from "../../transport/connection.ts";
import { transportLimits } from "../../transport/limits.ts";
import { StreamConnection } from "../../transport/stream-connection.ts";
import { systemClock } from "../../transport/system-clock.ts";
import type { ConnectionInfo } from "../authenticate.ts";
import { type Exchange, exchangeKey } from "./exchange.ts";

/** Takes a connection. */
export type AcceptConnection = (connection: Connection, info: ConnectionInfo) => ConnectionListener;

/** Serves `SessionService.Attach`: each of its streams is a connection like any other. Spec: HTTP-12. */
export function createAttachRoutes(accept: AcceptConnection): Routes {
  return (router) => {
    const options = { interceptors: [], readMaxBytes: transportLimits.maxServerMessageBytes };
    router.rpc(attachMethod, (requests, context) => carry(accept, requests, context), options);
  };
}

async function* carry(
  accept: AcceptConnection,
  requests: AsyncIterable<StreamEnvelope>,
  context: HandlerContext,
): AsyncGenerator<StreamEnvelope> {
  const exchange = context.values.get(exchangeKey);
  if (exchange === undefined) return;
  const connection = open(accept, exchange);
  context.signal.addEventListener("abort", () => connection.lost("the stream was cut"));
  // The first message opens the connection at the other end.
  yield toEnvelope({});
  const reading = read(requests, connection);
  for await (const message of connection.outgoing()) yield toEnvelope(message);
  // After the own farewell the peer has its time to answer.
  await reading;
}

function open(accept: AcceptConnection, exchange: Exchange): StreamConnection {
  const parts = { clock: systemClock, abort: () => exchange.abort(), unsentBytes: () => exchange.bufferedBytes };
  return StreamConnection.accepted(parts, (connection) => accept(connection, exchange.info));
}

/** Tells the connection what comes. Never rejects. */
async function read(requests: AsyncIterable<StreamEnvelope>, connection: StreamConnection): Promise<void> {
  try {
    for await (const { packet, close } of requests) {
      connection.received({ packet, close });
      if (close !== undefined) return;
    }
    connection.ended();
  } catch (error) {
    connection.lost(error instanceof Error ? error.message : "the stream was cut");
  }
}
