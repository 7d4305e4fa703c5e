import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { closeCodeStatuses } from "../../../gen/moorline/session/v1/close_code_moorline.ts";
import { RequestRejectedSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { nameOfCode } from "../../wire/verdict.ts";
import type { Authority } from "../authenticate.ts";
import { callSession, PlainCallSession } from "../call-session.ts";
import { checkKey, keyToName } from "../handshake.ts";
import { judge } from "../judgement.ts";
import { isRefusal, type Refusal, refuse } from "../refusal.ts";
import { countOne } from "../server-context.ts";
import type { ServerCore } from "../server-core.ts";
import { ServerTimer } from "../server-timer.ts";
import type { Session } from "../session.ts";
import { type Exchange, exchangeKey, SESSION_KEY_HEADER } from "./exchange.ts";
import { refuseKey, takeKey } from "./keyed-plain-call.ts";
import type { PlainCall, PlainCalls } from "./plain-calls.ts";
import { readBearer } from "./read-bearer.ts";

/** The session of a plain RPC, for the services of the server itself. */
export const plainSession: ContextKey<Session | undefined> = createContextKey<Session | undefined>(undefined, {
  description: "moorline plain session",
});

/** Decides whether a plain RPC may run; throws what refuses it. */
export type PlainGate = (context: HandlerContext) => Promise<void>;

/**
 * The gates of plain RPCs: `open` for methods that need no session key, `session` for all others. Both count the call.
 * Spec: HTTP-4 to HTTP-8.
 */
export function createPlainGates(
  core: ServerCore,
  calls: PlainCalls,
): { readonly open: PlainGate; readonly session: PlainGate } {
  return {
    async open(context) {
      begin(core, calls, context, "open");
      hideSecrets(context);
      refuseKey(context);
    },
    async session(context) {
      const draining = core.refuseCall();
      if (draining !== undefined) throw rejectCall(core, draining);
      const call = begin(core, calls, context, "session");
      const outcome = await admitCall(core, context, call);
      if (isRefusal(outcome)) throw rejectCall(core, outcome);
      hideSecrets(context);
      context.values.set(plainSession, outcome).set(callSession, new PlainCallSession(outcome));
      takeKey(core, context, outcome);
    },
  };
}

/** A refusal as the error of a plain RPC: the status of its code, with the rejection as detail. Spec: HTTP-5. */
export function refusalToError({ code, message, retryAfterMs }: Refusal): ConnectError {
  const grpcStatus = closeCodeStatuses[nameOfCode(code) ?? "INTERNAL"];
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs: BigInt(Math.ceil(retryAfterMs)) };
  const value = { rejection: { code, message, ...retryAfter } };
  return new ConnectError(message, grpcStatus as Code, undefined, [{ desc: RequestRejectedSchema, value }]);
}

function rejectCall({ context }: ServerCore, refusal: Refusal): ConnectError {
  countOne(context.counters.rejected, refusal.code);
  return refusalToError(refusal);
}

function begin(core: ServerCore, calls: PlainCalls, context: HandlerContext, kind: "open" | "session"): PlainCall {
  const { maxCalls } = core.context.limits.http;
  if (calls.size >= maxCalls) {
    throw rejectCall(core, refuse("OVERLOADED", `this daemon runs its ${maxCalls} plain calls`));
  }
  return calls.begin(exchangeOf(context), kind === "session" && isAwaited(context));
}

/** As on channels: a drain waits for all but streams to the caller that have no effect. Spec: DRAIN-3. */
function isAwaited({ method }: HandlerContext): boolean {
  const { NO_SIDE_EFFECTS } = MethodOptions_IdempotencyLevel;
  return !(method.methodKind === "server_streaming" && method.idempotency === NO_SIDE_EFFECTS);
}

async function admitCall(core: ServerCore, context: HandlerContext, call: PlainCall): Promise<Session | Refusal> {
  const key = checkKey(context.requestHeader.get(SESSION_KEY_HEADER) ?? "");
  if (typeof key !== "string") return key;
  const credential = readBearer(context.requestHeader.get("authorization"));
  if (credential !== undefined && "code" in credential) return credential;
  const { sessionHash, sessionRef } = keyToName(key);
  const { info } = call.exchange;
  const request = { credential, sessionRef, path: Path.DIRECT, connection: info };
  const authority = await new Promise<Authority | Refusal>((resolve) => {
    judge(core.greeting.judgement, request, resolve);
  });
  if (isRefusal(authority)) return authority;
  const session = findOrCreate(core, { sessionHash, sessionRef }, authority.principal);
  if (isRefusal(session)) return session;
  serveCall(core, session, authority, call);
  return session;
}

/** The session of a key, which is created where it is unknown. Spec: HTTP-7, SESSION-1, SESSION-4. */
function findOrCreate(core: ServerCore, name: ReturnType<typeof keyToName>, principal: string): Session | Refusal {
  const draining = core.refuseCall();
  if (draining !== undefined) return draining;
  const known = core.registry.find(name.sessionHash);
  if (known !== undefined && known.principal !== principal) {
    return refuse("PERMISSION_DENIED", "this session belongs to another principal");
  }
  const { maxSessions } = core.context.limits.session;
  const session = known ?? core.registry.create(name, principal);
  return session ?? refuse("TOO_MANY_SESSIONS", `${principal} has ${maxSessions} sessions, none of them idle`);
}

/** The call counts for the time of its session, and ends with its credential. */
function serveCall(core: ServerCore, session: Session, authority: Authority, call: PlainCall): void {
  const { context } = core;
  const { exchange } = call;
  session.callServed();
  exchange.onOver(() => {
    // The sessions of a server that is closed are written for the last time, and have no timers.
    if (!core.isStopping) session.callServed();
  });
  call.credentialId = authority.credentialId;
  if (authority.expiresInMs === undefined) return;
  const expiry = new ServerTimer(context.deadlines, () => exchange.abort());
  expiry.start(context.clock.now() + authority.expiresInMs);
  exchange.onOver(() => expiry.cancel());
}

/** Handlers and interceptors get neither the key nor the credential. Spec: INV-2. */
function hideSecrets({ requestHeader }: HandlerContext): void {
  requestHeader.delete(SESSION_KEY_HEADER);
  requestHeader.delete("authorization");
}

function exchangeOf({ values }: HandlerContext): Exchange {
  const exchange = values.get(exchangeKey);
  if (exchange === undefined) throw new Error("a plain call without its exchange");
  return exchange;
}
