/** What browsers throw beyond the quota, and what systems say of a full disk. */
const FULL: ReadonlySet<unknown> = new Set(["QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED", "ENOSPC", "EDQUOT"]);

/** Whether what a storage has thrown says that it has no room left. */
export function isOutOfRoom(thrown: unknown): boolean {
  const { name, code } = (thrown ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return FULL.has(name) || FULL.has(code);
}
