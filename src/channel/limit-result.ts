import { create, toBinary } from "@bufbuild/protobuf";
import { CallOutcome, Limit, LimitExceededSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import type { CallResult, LimitError } from "./call.ts";

/** The number of RESOURCE_EXHAUSTED in google.rpc.Code. */
const RESOURCE_EXHAUSTED = 8;

/**
 * How a call ends that has reached a limit: RESOURCE_EXHAUSTED with a LimitExceeded.
 * @param outcome What is known about the effect of the call. Default: unknown.
 */
export function limitResult(error: LimitError, outcome: CallOutcome = CallOutcome.UNKNOWN): CallResult {
  const detail = create(LimitExceededSchema, {
    limit: Limit[error.limit],
    max: BigInt(error.max),
    actual: BigInt(error.actual),
    outcome,
  });
  return {
    code: RESOURCE_EXHAUSTED,
    message: error.message,
    details: [{ type: LimitExceededSchema.typeName, value: toBinary(LimitExceededSchema, detail), unknown: undefined }],
    trailers: [],
    lastMessage: undefined,
  };
}
