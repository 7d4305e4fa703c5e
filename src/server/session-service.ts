import { Code, ConnectError, type ContextValues, type ServiceImpl } from "@connectrpc/connect";
import type { ServerInfo } from "../../gen/moorline/session/v1/packet_pb.ts";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import type { Revisions } from "../wire/protocol.ts";
import { exchangeKey } from "./http/exchange.ts";
import { plainSession } from "./http/plain-gate.ts";
import { type ServerChannel, servingChannel } from "./server-channel.ts";

/** What the session service tells, and does. */
export interface SessionServiceHost {
  readonly server: ServerInfo;
  readonly identityKey: Uint8Array;
  readonly protocol: Revisions;
  /** Ends the session of a channel, as soon as the client has the answers to those calls that have asked for it. */
  endAfterAnswer(channel: ServerChannel): void;
}

/** The method that ends a session, as calls name it. */
export const END_METHOD = `${SessionService.typeName}/${SessionService.method.end.name}`;

/** The session service, on channels and for plain RPCs. Spec: SESSION-5, SESSION-6. */
export function createSessionService(host: SessionServiceHost): ServiceImpl<typeof SessionService> {
  return {
    // biome-ignore lint/correctness/useYield: it never answers
    async *attach() {
      throw new ConnectError("a channel carries no other connection; dial the daemon instead", Code.Unimplemented);
    },
    describe() {
      const { server, identityKey, protocol } = host;
      return { server, identityKey, protocol: { ...protocol } };
    },
    end(_request, context) {
      const channel = context.values.get(servingChannel);
      if (channel === undefined) endPlainSession(context.values);
      else host.endAfterAnswer(channel);
      return {};
    },
  };
}

/** The session of a plain RPC ends when its answer has left. */
function endPlainSession(values: ContextValues): void {
  const session = values.get(plainSession);
  const exchange = values.get(exchangeKey);
  if (session === undefined || exchange === undefined) {
    throw new ConnectError("this call has no session", Code.FailedPrecondition);
  }
  exchange.onOver(() => session.end());
}
