import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";

/** The close code of a connection that ended without one. */
export const ABNORMAL_CLOSURE = 1006;

const NORMAL_CLOSURE = 1000;
const FIRST_FREE_CODE = 3000;
const LAST_FREE_CODE = 4999;
const MAX_REASON_BYTES = 123;

/** The code that goes over the wire for `code`: itself where a peer may say it (1000, 3000 to 4999), else 4100. */
export function toCloseCode(code: number): number {
  const isFree = Number.isInteger(code) && code >= FIRST_FREE_CODE && code <= LAST_FREE_CODE;
  return isFree || code === NORMAL_CLOSURE ? code : CloseCode.INTERNAL;
}

/** The longest start of `reason` that fits a close message (123 bytes of UTF-8) and ends with a whole character. */
export function cutReason(reason: string): string {
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { read } = new TextEncoder().encodeInto(reason, bytes);
  return read === reason.length ? reason : reason.slice(0, read);
}
