/** Protocol revisions, both ends included. Not the generated message; an object with the two numbers will do. */
export interface Revisions {
  /** The oldest, from 1. */
  readonly min: number;
  /** The newest, not below `min`. */
  readonly max: number;
}

/** What this build speaks. Spec: VER-1. */
export const protocolRange: Revisions = { min: 1, max: 1 };

/** Whether both ends are integers from 1 and in order; a hello with another range is HELLO_MALFORMED. Spec: HELLO-6. */
export function isProtocolRange(range: Revisions): boolean {
  return Number.isSafeInteger(range.min) && Number.isSafeInteger(range.max) && range.min >= 1 && range.max >= range.min;
}

/**
 * The revision that the two sides speak: the highest that both have. Undefined where they have none in common, or a
 * range is none: PROTOCOL_UNSUPPORTED. Spec: VER-1.
 */
export function negotiateProtocol(client: Revisions, server: Revisions): number | undefined {
  if (!isProtocolRange(client) || !isProtocolRange(server)) return undefined;
  const revision = Math.min(client.max, server.max);
  return revision >= Math.max(client.min, server.min) ? revision : undefined;
}
