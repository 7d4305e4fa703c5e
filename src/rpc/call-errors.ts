import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import {
  CallOutcome,
  ChannelLossReason,
  ChannelLostSchema,
  JournalUnavailableSchema,
  KeyedRunCutSchema,
  Limit,
  LimitExceededSchema,
} from "../../gen/moorline/session/v1/error_pb.ts";
import type { Header, StatusDetail } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { type CallClose, type CallResult, LimitError } from "../channel/call.ts";
import { ChannelLostError } from "../channel/channel.ts";
import { findBadHeader, headersToList, listToHeaders, noHeaders } from "./header-list.ts";

/** The time of a call is up. */
export function createDeadlineError(): ConnectError {
  return new ConnectError("the operation timed out", Code.DeadlineExceeded);
}

/** What aborted a call, as its error: the reason itself where that is a ConnectError, else CANCELED. */
export function createAbortError(signal: { readonly reason?: unknown }): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}

/** What signals are aborted with when their call has ended well. One for all, because making one takes a stack trace. */
export const completion: Error = /*@__PURE__*/ createCompletion();

function createCompletion(): Error {
  const error = new Error("This operation was aborted");
  error.name = "AbortError";
  return error;
}

/** The channel of a call was lost, or is about to be. */
export function createLostError(reason: ChannelLossReason, outcome: CallOutcome): ConnectError {
  const name = nameOf(ChannelLossReason, reason);
  const effect = outcome === CallOutcome.NOT_SENT ? "the call was not sent" : "the call may have had its effect";
  return new ConnectError(`the channel is lost (${name}); ${effect}`, Code.Unavailable, undefined, [
    { desc: ChannelLostSchema, value: { reason, outcome } },
  ]);
}

/** A call that may not wait found no connection. Nothing was sent. */
export function createNotReadyError(): ConnectError {
  return new ConnectError("there is no connection, and the call may not wait for one", Code.Unavailable, undefined, [
    { desc: ChannelLostSchema, value: { reason: ChannelLossReason.UNSPECIFIED, outcome: CallOutcome.NOT_SENT } },
  ]);
}

/** The daemon is being stopped and takes no new calls. Nothing of the call has run. */
export function createDrainingError(): ConnectError {
  return new ConnectError("no new calls: the daemon is being stopped", Code.Unavailable, undefined, [
    { desc: ChannelLostSchema, value: { reason: ChannelLossReason.DRAINED, outcome: CallOutcome.NOT_SENT } },
  ]);
}

/** A limit of the channel was reached. */
export function createLimitError(error: LimitError, outcome: CallOutcome): ConnectError {
  const { limit, max, actual } = error;
  const value = { limit: Limit[limit], max: BigInt(max), actual: BigInt(actual), outcome };
  return new ConnectError(
    error.message,
    Code.ResourceExhausted,
    undefined,
    [{ desc: LimitExceededSchema, value }],
    error,
  );
}

/** Whatever opening a call, or sending on it, has thrown. `outcome` is what is known of the call then. */
export function sendFailureToError(thrown: unknown, outcome: CallOutcome): ConnectError {
  if (thrown instanceof LimitError) return createLimitError(thrown, outcome);
  if (thrown instanceof ChannelLostError) return createLostError(thrown.reason, outcome);
  return ConnectError.from(thrown);
}

/** What a call failed with whose end was heard. Undefined where it ended well. */
export function closeToError(close: CallClose, headers: readonly Header[] = noHeaders): ConnectError | undefined {
  switch (close.kind) {
    case "ended":
      return resultToError(close.result, headers);
    case "cancelled":
      return new ConnectError("the caller has cancelled the call", Code.Canceled);
    case "lost":
      return createLostError(close.reason, close.outcome);
    case "overrun":
      return createLimitError(close.error, CallOutcome.UNKNOWN);
  }
}

function resultToError(result: CallResult, headers: readonly Header[]): ConnectError | undefined {
  const bad = findBadHeader(result.trailers);
  if (bad !== undefined) return createHeaderError(bad, Code.Internal);
  if (result.code === 0) return undefined;
  const code = isCode(result.code) ? result.code : Code.Unknown;
  const error = new ConnectError(result.message, code, listToHeaders([...headers, ...result.trailers]));
  error.details = result.details.map(({ type, value }) => ({ type, value }));
  error.isWireError = true;
  return error;
}

/** The peer sent a header or trailer that is none. */
export function createHeaderError(name: string, code: Code): ConnectError {
  return new ConnectError(`malformed header: ${JSON.stringify(name.slice(0, 64))}`, code);
}

/** What a handler has thrown, as its caller may see it: INTERNAL without a word, unless it is a ConnectError. */
export function thrownToError(thrown: unknown): ConnectError {
  if (thrown instanceof LimitError) return createLimitError(thrown, CallOutcome.UNKNOWN);
  if (thrown instanceof ConnectError && isCode(thrown.code)) return thrown;
  return new ConnectError("internal error", Code.Internal, undefined, undefined, thrown);
}

/** How a call ends with an error. Metadata of the error goes with the trailers, unless it came from the wire itself. */
export function errorToResult(error: ConnectError, trailers: Headers | undefined): CallResult {
  const metadata = new Headers(trailers);
  if (!error.isWireError) mergeNonProtocolHeaders(metadata, error.metadata);
  return {
    code: error.code,
    message: error.rawMessage,
    details: error.details.map(detailToWire),
    trailers: headersToList(metadata),
    lastMessage: undefined,
  };
}

/**
 * What is known about the effect of a call that failed: NOT_SENT where it had none for certain, else UNKNOWN.
 * @param error What the call failed with.
 */
export function outcomeOf(error: ConnectError): CallOutcome {
  const details = [ChannelLostSchema, LimitExceededSchema, JournalUnavailableSchema, KeyedRunCutSchema].flatMap(
    (schema): { readonly outcome: CallOutcome }[] => error.findDetails<typeof schema>(schema),
  );
  const isNotSent = details.some(({ outcome }) => outcome === CallOutcome.NOT_SENT);
  return isNotSent ? CallOutcome.NOT_SENT : CallOutcome.UNKNOWN;
}

function detailToWire(detail: ConnectError["details"][number]): StatusDetail {
  if (!("desc" in detail)) return { type: detail.type, value: detail.value, unknown: undefined };
  const { desc, value } = detail;
  return { type: desc.typeName, value: toBinary(desc, create(desc, value)), unknown: undefined };
}

function isCode(code: number): code is Code {
  return Number.isInteger(code) && code >= Code.Canceled && code <= Code.Unauthenticated;
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? `reason ${value}`;
}
