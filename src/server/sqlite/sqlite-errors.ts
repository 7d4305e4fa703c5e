import { MoorlineError, type MoorlineErrorCode } from "../../wire/moorline-error.ts";

/** The primary result codes of SQLite that mean something by themselves; the others are failures of the storage. */
const CODES: Readonly<Record<number, MoorlineErrorCode>> = {
  5: "DATABASE_LOCKED",
  6: "DATABASE_LOCKED",
  8: "DATABASE_UNUSABLE",
  11: "DATABASE_CORRUPT",
  13: "STORAGE_FULL",
  14: "DATABASE_UNUSABLE",
  26: "DATABASE_CORRUPT",
};
const PRIMARY_MASK = 0xff;

/**
 * What SQLite has thrown, as a typed error with it as the cause: DATABASE_LOCKED, DATABASE_UNUSABLE, DATABASE_CORRUPT or
 * STORAGE_FULL where its result code says so, else STORAGE_FAILED. What is a MoorlineError stays as it is. Spec: STORE-3.
 * @param path The path of the database, for people.
 */
export function sqliteToMoorlineError(thrown: unknown, path: string): MoorlineError {
  if (thrown instanceof MoorlineError) return thrown;
  const code = CODES[resultCodeOf(thrown) & PRIMARY_MASK] ?? "STORAGE_FAILED";
  const why = thrown instanceof Error ? thrown.message : "unknown";
  return new MoorlineError(code, `The database ${path} has failed: ${why}.`, { cause: thrown });
}

function resultCodeOf(thrown: unknown): number {
  const { errcode } = (thrown ?? {}) as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode : 0;
}
