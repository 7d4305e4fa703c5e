import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { OutcomeTooLargeSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { KeyedOutcomeSchema } from "../../../gen/moorline/session/v1/journal_pb.ts";
import type { KeyedOutcome } from "../../rpc/keyed-calls.ts";

/** Codes that say: try again. What ended with one is not kept, so that the key can be tried again. Spec: JOURNAL-6. */
const PASSING: ReadonlySet<number> = new Set([Code.Unavailable, Code.Unauthenticated, Code.ResourceExhausted]);

/** Of the message of a status that is kept without its details, in characters. */
const MAX_MESSAGE_LENGTH = 1024;

/** Whether an outcome is kept. */
export function isKept({ result }: KeyedOutcome): boolean {
  return !PASSING.has(result.code);
}

/** An outcome as it is kept: as its status alone where it is over the limit. Spec: JOURNAL-7. */
export function encodeOutcome(outcome: KeyedOutcome, maxBytes: number): Uint8Array {
  const bytes = encode(outcome);
  return bytes.length <= maxBytes ? bytes : encode(summarize(outcome, maxBytes, bytes.length));
}

/** The outcome that was encoded. */
export function decodeOutcome(bytes: Uint8Array): KeyedOutcome {
  const { headers, end } = fromBinary(KeyedOutcomeSchema, bytes);
  return {
    headers: headers.map(({ name, value }) => ({ name, value, unknown: undefined })),
    result: {
      code: end?.code ?? Code.DataLoss,
      message: end?.message ?? "",
      details: (end?.details ?? []).map(({ type, value }) => ({ type, value, unknown: undefined })),
      trailers: (end?.trailers ?? []).map(({ name, value }) => ({ name, value, unknown: undefined })),
      lastMessage: end?.lastMessage,
    },
  };
}

function encode({ headers, result }: KeyedOutcome): Uint8Array {
  const { code, message, details, trailers, lastMessage } = result;
  const end = {
    code,
    message,
    details: details.map(({ type, value }) => ({ type, value })),
    trailers: trailers.map(({ name, value }) => ({ name, value })),
    ...(lastMessage === undefined ? {} : { lastMessage }),
  };
  const init = { headers: headers.map(({ name, value }) => ({ name, value })), end };
  return toBinary(KeyedOutcomeSchema, create(KeyedOutcomeSchema, init));
}

function summarize({ result }: KeyedOutcome, maxBytes: number, actualBytes: number): KeyedOutcome {
  const { code, message } = result;
  const value = { code, maxBytes: BigInt(maxBytes), actualBytes: BigInt(actualBytes) };
  const detail = toBinary(OutcomeTooLargeSchema, create(OutcomeTooLargeSchema, value));
  const text = code === 0 ? "the call went well; its answer was too large to be kept" : message;
  return {
    headers: [],
    result: {
      code: code === 0 ? Code.DataLoss : code,
      message: text.slice(0, MAX_MESSAGE_LENGTH),
      details: [{ type: OutcomeTooLargeSchema.typeName, value: detail, unknown: undefined }],
      trailers: [],
      lastMessage: undefined,
    },
  };
}
