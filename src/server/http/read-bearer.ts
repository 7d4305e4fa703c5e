import type { Credential } from "../authenticate.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** The credential of a header `Authorization`. Undefined where there is none. Spec: HTTP-6. */
export function readBearer(header: string | null | undefined): Credential | Refusal | undefined {
  if (header === null || header === undefined) return undefined;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) return refuse("UNAUTHENTICATED", "the header Authorization has to be `Bearer` and a token");
  return { kind: "bearer", token };
}
