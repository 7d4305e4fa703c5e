import {
  type HostCandidate,
  type HostProfile,
  HostProfileSchema,
} from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { parseEndpoint } from "../../client/endpoint.ts";
import { hostLimits } from "../../wire/limits.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { copyMessage } from "../../wire/plain-message.ts";

/**
 * Two profiles of one daemon as one: the candidates of both, those of the first one first, each address once; the label of
 * the second one, where it has any. What a newer version has put into either is kept. Spec: FLEET-2.
 * @returns The first one itself where the second adds nothing.
 * @throws MoorlineError OPTION_INVALID where the second one would make more than 8 candidates.
 */
function mergeProfiles(first: HostProfile, second: HostProfile): HostProfile {
  const known = new Set(first.candidates.map(addressOf));
  const added = copyMessage(HostProfileSchema, second).candidates.filter((candidate) => {
    const address = addressOf(candidate);
    return !known.has(address) && known.add(address);
  });
  const label = second.label || first.label;
  if (added.length === 0 && label === first.label) return first;
  if (added.length > 0 && first.candidates.length + added.length > hostLimits.maxCandidates) {
    throw new MoorlineError("OPTION_INVALID", `The host would have more than ${hostLimits.maxCandidates} candidates.`, {
      action: "Forget the host first, then add it with the addresses that it has now.",
    });
  }
  const merged = copyMessage(HostProfileSchema, first);
  merged.label = label;
  merged.candidates.push(...added);
  return merged;
}

/** What tells candidates apart: the address in its normal form; of a kind that this version does not know, the id. */
function addressOf({ id, kind }: HostCandidate): string {
  if (kind.case !== "direct") return `id ${id}`;
  const { endpoint } = kind.value;
  try {
    return `direct ${parseEndpoint(endpoint).url}`;
  } catch {
    return `direct ${endpoint}`;
  }
}

/** The profiles of a registry with one more: merged where the daemon is there already, else last. */
export function addProfile(profiles: readonly HostProfile[], profile: HostProfile): HostProfile[] {
  const isKnown = profiles.some(({ serverId }) => serverId === profile.serverId);
  if (!isKnown) return [...profiles, profile];
  return profiles.map((known) => (known.serverId === profile.serverId ? mergeProfiles(known, profile) : known));
}
