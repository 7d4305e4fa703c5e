import { Code, ConnectError, type MethodImplSpec } from "@connectrpc/connect";
import type { KeyedCalls } from "./keyed-calls.ts";

/** The longest idempotency key, in characters. Spec: JOURNAL-4. */
const MAX_KEY_LENGTH = 256;

/**
 * Why a call cannot be run under its idempotency key, if there is a reason: INVALID_ARGUMENT or UNIMPLEMENTED.
 * @param keyed Who runs keyed calls. Undefined: nobody. Spec: CALL-14, JOURNAL-4.
 */
export function findKeyFault(
  key: string,
  kind: MethodImplSpec["kind"],
  keyed: KeyedCalls | undefined,
): ConnectError | undefined {
  if (kind !== "unary") return new ConnectError("only a unary call can have an idempotency key", Code.InvalidArgument);
  if (keyed === undefined) {
    return new ConnectError("this daemon keeps no journal: the call was not run under its key", Code.Unimplemented);
  }
  if (key.length > 0 && key.length <= MAX_KEY_LENGTH) return undefined;
  return new ConnectError(`an idempotency key has 1 to ${MAX_KEY_LENGTH} characters`, Code.InvalidArgument);
}
