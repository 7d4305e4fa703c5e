/** Chance, as everything above the core sees it. Production code injects the system's, tests a seeded one. */
export interface Random {
  /** A number from 0 (included) to 1 (not included), uniform. For jitter; never for secrets. */
  unit(): number;
  /** `length` random bytes, fit for ids and secrets. */
  bytes(length: number): Uint8Array;
}
