import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { ServerInfo } from "../../gen/moorline/session/v1/packet_pb.ts";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import type { Revisions } from "../wire/protocol.ts";
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

/** The session service on a channel. Spec: SESSION-5. */
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
      if (channel === undefined) throw new ConnectError("this call came on no channel", Code.FailedPrecondition);
      host.endAfterAnswer(channel);
      return {};
    },
  };
}
