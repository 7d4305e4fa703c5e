import type { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import {
  type CloseCodeName,
  closeCodeActions,
  verdictRanges,
} from "../../gen/moorline/session/v1/close_code_moorline.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";

/**
 * What a client does after a connection ended with a code. It follows from the range of the code, known or not; what is
 * outside every range counts as INTERNAL. Spec: CLOSE-1.
 */
export function verdictOf(code: number): RetryVerdict {
  const range = verdictRanges.find(({ first, last }) => code >= first && code <= last);
  return range?.verdict ?? verdictOf(CloseCode.INTERNAL);
}

/** The code of a closed socket, where it is one that has a verdict; else UNSPECIFIED. */
export function toVerdictCode(code: number): CloseCode {
  return verdictRanges.some(({ first, last }) => code >= first && code <= last)
    ? (code as CloseCode)
    : CloseCode.UNSPECIFIED;
}

/** The name of a code in the schema, without its prefix. Undefined where this version does not know the code. */
export function nameOfCode(code: number): CloseCodeName | undefined {
  const names = Object.keys(closeCodeActions) as CloseCodeName[];
  return names.find((name) => CloseCode[name] === code);
}
