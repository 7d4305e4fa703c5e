import type { Renewal } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { renewalLimits } from "../../wire/limits.ts";

/**
 * When another credential is asked for: a minute before the end of the present one, or half-way to it where that is later.
 * Undefined where the end is too near, and the server's CREDENTIAL_EXPIRED decides. Spec: HOST-16.
 */
export function planRenewal(expiresAtMs: number, nowMs: number): Renewal | undefined {
  const { leadMs, gapMs } = renewalLimits;
  const leftMs = expiresAtMs - nowMs;
  const untilMs = nowMs + Math.max(gapMs, leftMs - leadMs, leftMs / 2);
  if (untilMs >= expiresAtMs) return undefined;
  return { expiresAtMs, stage: { case: "waiting", value: { untilMs } } };
}
