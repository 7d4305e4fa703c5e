import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  createContextKey,
  type HandlerContext,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { CallOutcome, ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { closeToError, completion, createAbortError, createLostError } from "../../rpc/call-errors.ts";
import { headersToList, listToHeaders } from "../../rpc/header-list.ts";
import { findKeyFault } from "../../rpc/key-fault.ts";
import type { KeyedCalls, KeyedOutcome, KeyedQuestion } from "../../rpc/keyed-calls.ts";
import { KeyedRun, type RunContext } from "../../rpc/keyed-run.ts";
import type { ServerCore } from "../server-core.ts";
import type { Session } from "../session.ts";
import { IDEMPOTENCY_KEY_HEADER } from "./exchange.ts";

/** A plain RPC with an idempotency key. */
interface KeyedPlainCall {
  readonly key: string;
  readonly keyed: KeyedCalls;
  readonly session: Session;
  /** What its handler would see of it. */
  readonly context: HandlerContext;
}

const keyedPlainCall: ContextKey<KeyedPlainCall | undefined> = createContextKey<KeyedPlainCall | undefined>(undefined, {
  description: "moorline keyed plain call",
});

/** Takes the idempotency key of a call that needs a session. @throws ConnectError where it cannot run under it. Spec: HTTP-14. */
export function takeKey({ context: { journal } }: ServerCore, context: HandlerContext, session: Session): void {
  const key = readKey(context);
  if (key === undefined) return;
  const keyed = journal?.of(session.hash);
  const fault = findKeyFault(key, context.method.methodKind, keyed) ?? findTextFault(key);
  if (fault !== undefined) throw fault;
  if (keyed !== undefined) context.values.set(keyedPlainCall, { key, keyed, session, context });
}

/** Refuses the idempotency key of a call that has no session. @throws ConnectError INVALID_ARGUMENT. Spec: HTTP-14. */
export function refuseKey(context: HandlerContext): void {
  if (readKey(context) === undefined) return;
  throw new ConnectError("a method without a session has no journal; leave the key out", Code.InvalidArgument);
}

/** Has the journal run, or remember, the calls that have a key. Outside of all other interceptors. Spec: HTTP-14. */
export function createKeyedInterceptor(core: ServerCore): Interceptor {
  return (next) => async (request) => {
    const call = request.contextValues.get(keyedPlainCall);
    if (call === undefined || request.stream) return next(request);
    return outcomeToResponse(await ask(core, call, request), request, call.context);
  };
}

/** Handlers and interceptors do not see the key, as on channels. */
function readKey({ requestHeader }: HandlerContext): string | undefined {
  const key = requestHeader.get(IDEMPOTENCY_KEY_HEADER);
  requestHeader.delete(IDEMPOTENCY_KEY_HEADER);
  return key ?? undefined;
}

function findTextFault(key: string): ConnectError | undefined {
  if (/^[\x20-\x7e]+$/.test(key)) return undefined;
  return new ConnectError("an idempotency key in a header is printable ASCII", Code.InvalidArgument);
}

/** Waits for the outcome of a key. A caller that goes away may come back: the run goes on. Spec: JOURNAL-13. */
function ask(core: ServerCore, call: KeyedPlainCall, request: UnaryRequest): Promise<KeyedOutcome> {
  const { keyed, session, context } = call;
  const { signal } = context;
  if (signal.aborted) throw createAbortError(signal);
  if (session.phase === "expired") throw createLostError(ChannelLossReason.SESSION_ENDED, CallOutcome.NOT_SENT);
  return new Promise((resolve, reject) => {
    const wait = keyed.ask(toQuestion(core, call, request), { answered: resolve, refused: reject });
    const leave = (): void => {
      const error = createAbortError(signal);
      wait.leave("lost", error);
      reject(error);
    };
    signal.addEventListener("abort", leave, { once: true });
  });
}

/** The same question as on a channel: the route is the same there, and so are the bytes of the request. */
function toQuestion(core: ServerCore, { key, context }: KeyedPlainCall, request: UnaryRequest): KeyedQuestion {
  const { method, service, message } = request;
  const path = `${service.typeName}/${method.name}`;
  const route = core.context.routes.get(path);
  if (route === undefined) throw new ConnectError(`unknown method: ${path}`, Code.Unimplemented);
  const run = new KeyedRun(route, createRunContext(context), message);
  return { key, method: path, request: toBinary(method.input, message), run };
}

/** The context of a run, which outlives its call. */
function createRunContext(context: HandlerContext): RunContext {
  const controller = new AbortController();
  const responseHeader = new Headers();
  const responseTrailer = new Headers();
  return {
    ...context,
    signal: controller.signal,
    responseHeader,
    responseTrailer,
    get headersToSend() {
      return headersToList(responseHeader);
    },
    trailersToSend: responseTrailer,
    abort: (reason) => controller.abort(reason ?? completion),
  };
}

function outcomeToResponse(
  { headers, result }: KeyedOutcome,
  { service, method }: UnaryRequest,
  { responseHeader, responseTrailer }: HandlerContext,
): UnaryResponse {
  mergeNonProtocolHeaders(responseHeader, listToHeaders(headers));
  const error = closeToError({ kind: "ended", result });
  if (error !== undefined) {
    // It did not come over a wire: Connect is to send its trailers on.
    error.isWireError = false;
    throw error;
  }
  mergeNonProtocolHeaders(responseTrailer, listToHeaders(result.trailers));
  const message = fromBinary(method.output, result.lastMessage ?? new Uint8Array(0));
  return { stream: false, service, method, header: responseHeader, trailer: responseTrailer, message };
}
