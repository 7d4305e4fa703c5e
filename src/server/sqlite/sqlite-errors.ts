import { MoorlineError } from "../../wire/moorline-error.ts";
import type { NodeErrorCode } from "../../wire/node-actions.ts";
import { nodeError } from "../../wire/node-error.ts";

/** The primary result codes of SQLite that mean something by themselves; the others are failures of the storage. */
const CODES: Readonly<Record<number, NodeErrorCode>> = {
  5: "DATABASE_LOCKED",
  6: "DATABASE_LOCKED",
  8: "DATABASE_UNUSABLE",
  11: "DATABASE_CORRUPT",
  14: "DATABASE_UNUSABLE",
  26: "DATABASE_CORRUPT",
};
const FULL = 13;
const PRIMARY_MASK = 0xff;

/**
 * What SQLite has thrown, as a typed error with it as the cause: DATABASE_LOCKED, DATABASE_UNUSABLE, DATABASE_CORRUPT or
 * STORAGE_FULL where its result code says so, else STORAGE_FAILED. What is a MoorlineError stays as it is. Spec: STORE-3.
 * @param path The path of the database, for people.
 */
export function sqliteToMoorlineError(thrown: unknown, path: string): MoorlineError {
  if (thrown instanceof MoorlineError) return thrown;
  const result = resultCodeOf(thrown) & PRIMARY_MASK;
  const code = CODES[result];
  const text = `The database ${path} has failed: ${thrown instanceof Error ? thrown.message : "unknown"}.`;
  if (code !== undefined) return nodeError(code, text, { cause: thrown });
  return new MoorlineError(result === FULL ? "STORAGE_FULL" : "STORAGE_FAILED", text, { cause: thrown });
}

function resultCodeOf(thrown: unknown): number {
  const { errcode } = (thrown ?? {}) as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode : 0;
}
