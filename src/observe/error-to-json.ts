import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { MoorlineError } from "../wire/moorline-error.ts";
import { type Redacted, redact } from "../wire/redact.ts";

/** An error as plain data, fit for a log. */
export interface ErrorJson {
  /** Its name; for what is no error, the kind of value that was thrown. */
  readonly name: string;
  /** For people. At most 2,000 characters. */
  readonly message: string;
  /** The code of a MoorlineError, of a call (such as `UNAVAILABLE`), or of the system (such as `ENOENT`). */
  readonly code?: string;
  /** Where it was thrown. At most 4,000 characters. */
  readonly stack?: string;
  /** The details of a call's error, without their secrets, by the names of their types. At most 8. */
  readonly details?: ReadonlyArray<{ readonly type: string; readonly value: Redacted | string }>;
  /** What led to it. At most 4 of them, one in the other. */
  readonly cause?: ErrorJson;
}

const MAX_MESSAGE_LENGTH = 2_000;
const MAX_STACK_LENGTH = 4_000;
const MAX_DETAILS = 8;
const MAX_CAUSES = 4;

/**
 * What may be logged of something that was thrown. Only what is named in {@link ErrorJson}: other properties may have
 * anything in them, such as the headers of a request. Never throws. Spec: LOG-3, LOG-6.
 */
export function errorToJson(thrown: unknown, maxCauses: number = MAX_CAUSES): ErrorJson {
  if (!(thrown instanceof Error)) return { name: typeof thrown, message: describeValue(thrown) };
  const { name, stack, cause } = thrown;
  const code = codeOf(thrown);
  const details = thrown instanceof ConnectError ? thrown.details.slice(0, MAX_DETAILS).map(detailToJson) : [];
  return {
    name,
    message: cut(thrown.message, MAX_MESSAGE_LENGTH),
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack: cut(stack, MAX_STACK_LENGTH) }),
    ...(details.length === 0 ? {} : { details }),
    ...(cause === undefined || maxCauses === 0 ? {} : { cause: errorToJson(cause, maxCauses - 1) }),
  };
}

type Detail = ConnectError["details"][number];

function detailToJson(detail: Detail): { readonly type: string; readonly value: Redacted | string } {
  if (!("desc" in detail)) return { type: detail.type, value: `[${detail.value.length} bytes]` };
  const { desc, value } = detail;
  try {
    return { type: desc.typeName, value: redact(desc, create(desc, value)) };
  } catch {
    return { type: desc.typeName, value: "[malformed]" };
  }
}

function codeOf(error: Error): string | undefined {
  if (error instanceof MoorlineError) return error.code;
  if (error instanceof ConnectError) return codeToName(error.code);
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : undefined;
}

/** `DeadlineExceeded` is `DEADLINE_EXCEEDED`. */
function codeToName(code: Code): string {
  return (Code[code] ?? String(code)).replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}

/** A text is what somebody wanted to say; any other value may have anything in it. */
function describeValue(thrown: unknown): string {
  return typeof thrown === "string" ? cut(thrown, MAX_MESSAGE_LENGTH) : "something that is no error was thrown";
}

function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
