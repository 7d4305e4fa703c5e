import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";

/** Why a hello is refused. */
export interface Refusal {
  /** Why, for programs. */
  readonly code: CloseCode;
  /** Why, for people; says what to do. Never a secret. */
  readonly message: string;
  /** When the client may dial again, in milliseconds. Default: by backoff. */
  readonly retryAfterMs?: number | undefined;
}

/** Makes a refusal. */
export function refuse(code: keyof typeof CloseCode, message: string, retryAfterMs?: number): Refusal {
  const refusal = { code: CloseCode[code], message };
  return retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs };
}

/** Whether something is a refusal. */
export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return "code" in value && "message" in value;
}
