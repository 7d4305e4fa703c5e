import { MoorlineError, type MoorlineErrorOptions } from "./moorline-error.ts";
import { NODE_ACTIONS, type NodeErrorCode } from "./node-actions.ts";

/** An error that only programs on Node have, with what to do about it. @param options Another action, and the cause. */
export function nodeError(code: NodeErrorCode, text: string, options: MoorlineErrorOptions = {}): MoorlineError {
  return new MoorlineError(code, text, { action: NODE_ACTIONS[code], ...options });
}
