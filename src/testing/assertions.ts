import { MoorlineError, type MoorlineErrorCode } from "../wire/moorline-error.ts";

/** Throws where `condition` does not hold. `claim` is what should be so. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Error(`expected: ${claim}`);
}

/** Throws where two values differ, compared as their JSON, bytes included. */
export function assertEqual(actual: unknown, expected: unknown, claim: string): void {
  const [was, wanted] = [print(actual), print(expected)];
  if (was !== wanted) throw new Error(`expected: ${claim}\n  wanted ${wanted}\n  got    ${was}`);
}

const MAX_PRINTED = 2_000;

function print(value: unknown): string {
  // Of undefined there is no JSON.
  const text = `${JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? `${part.length} bytes, ${hashOf(part)}` : part,
  )}`;
  return text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}… ${hashOf(new TextEncoder().encode(text))}` : text;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Throws where a promise does not reject with a MoorlineError of this code. @returns That error. */
export async function assertRejects(promise: Promise<unknown>, code: MoorlineErrorCode): Promise<MoorlineError> {
  const outcome: unknown = await promise.catch((error: unknown) => error);
  assert(outcome instanceof MoorlineError, `a rejection with a MoorlineError, and not ${String(outcome)}`);
  assertEqual(outcome.code, code, "the code of the rejection");
  return outcome;
}
