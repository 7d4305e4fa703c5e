import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type PresenceService,
  RegisterPushTokenResponseSchema,
  ReportPresenceResponseSchema,
} from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { type CallSession, callSession } from "../../server/call-session.ts";
import type { ChannelSession, PresenceBook } from "./presence-book.ts";
import { createChannelNeeded } from "./presence-errors.ts";
import { checkPushToken, readPresence } from "./presence-requests.ts";
import type { PushTokens } from "./push-tokens.ts";

/** Where clients say whether somebody looks at them, and leave addresses for pushes. Spec: PRESENCE. */
export function createPresenceService(book: PresenceBook, tokens: PushTokens): ServiceImpl<typeof PresenceService> {
  return {
    reportPresence(request, context) {
      const session = sessionOf(context);
      if (!isOnChannel(session)) throw createChannelNeeded();
      book.report(session, readPresence(request));
      return create(ReportPresenceResponseSchema);
    },
    registerPushToken(request, context) {
      const { ref: sessionRef, principal } = sessionOf(context);
      checkPushToken(request);
      const { service, token } = request;
      tokens.register({ sessionRef, principal, service, token });
      return create(RegisterPushTokenResponseSchema);
    },
  };
}

/** The session of a call that is not over: what comes later would outlive its channel, or its session. */
function sessionOf({ values, signal }: HandlerContext): CallSession {
  const session = values.get(callSession);
  if (session === undefined) throw new ConnectError("the call has no session", Code.FailedPrecondition);
  if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
  return session;
}

function isOnChannel(session: CallSession): session is ChannelSession {
  return session.channelId !== undefined;
}
