import { MoorlineError, type MoorlineErrorCode } from "../../src/wire/moorline-error.ts";

/** The codes are those of the schema and those of this side. */
export const codes: readonly MoorlineErrorCode[] = ["SESSION_KEY_MISSING", "WRONG_SERVER", "INSECURE_ENDPOINT"];

// @ts-expect-error They are a closed set.
export const unknown = new MoorlineError("NOT_A_CODE", "No.");

// @ts-expect-error A code of programs on Node does not say what to do: nodeError does.
export const withoutAction = new MoorlineError("PORT_IN_USE", "No.");

// @ts-expect-error No error has the code that stands for none.
export const unspecified: MoorlineErrorCode = "UNSPECIFIED";

/** Whether a person can do something about it: programs decide by the code. */
export function needsUser(error: MoorlineError): boolean {
  // @ts-expect-error A misspelt code does not compile.
  if (error.code === "UNAUTHENTICATD") return true;
  return error.code === "UNAUTHENTICATED";
}
