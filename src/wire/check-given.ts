import { MoorlineError } from "./moorline-error.ts";

/** The largest number that options may have where nothing else bounds it. */
export const MAX_UINT32 = 2 ** 32 - 1;

/**
 * Checks that something that was given has the functions which will be called on it, so that it fails where it is given and
 * not later somewhere else. Nothing, where it may be left out, is no failure.
 * @param name What it is, as the caller knows it.
 * @throws MoorlineError OPTION_INVALID, with the names and without the value.
 */
export function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== "function");
  if (missing === undefined) return;
  throw new MoorlineError("OPTION_INVALID", `What was given as ${name} has no function ${missing}.`, {
    action: `Give ${name} with ${methods.join(", ")}.`,
  });
}

/** Checks that something is a function. @throws MoorlineError OPTION_INVALID, as {@link checkMethods}. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new MoorlineError("OPTION_INVALID", `What was given as ${name} is no function.`, {
    action: `Give a function as ${name}.`,
  });
}

/** Checks that something is an object, and no list. @throws MoorlineError OPTION_INVALID, as {@link checkMethods}. */
export function checkObject(name: string, value: unknown): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new MoorlineError("OPTION_INVALID", `What was given as ${name} is no object.`, {
    action: `Give an object as ${name}.`,
  });
}

/** Checks that something is a list. @throws MoorlineError OPTION_INVALID, as {@link checkMethods}. */
export function checkList(name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new MoorlineError("OPTION_INVALID", `What was given as ${name} is no list.`, {
    action: `Give a list as ${name}.`,
  });
}

/**
 * Checks a limit.
 * @throws MoorlineError OPTION_INVALID.
 */
export function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new MoorlineError("OPTION_INVALID", `The limit ${name} is not a whole number from ${min} to ${max}.`);
}
