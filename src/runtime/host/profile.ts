import { create } from "@bufbuild/protobuf";
import type { CandidateFacts } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import {
  type HostCandidate,
  type HostProfile,
  HostProfileSchema,
} from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { parseEndpoint } from "../../client/endpoint.ts";
import { checkList, checkObject } from "../../wire/check-given.ts";
import { hostLimits } from "../../wire/limits.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { parseServerId, type ServerId } from "../../wire/server-id.ts";

/** What a profile is made from. */
export interface HostProfileInit {
  /** The server id of the daemon. */
  readonly serverId: string;
  /** What people call it, at most 256 characters. Default empty. */
  readonly label?: string;
  /** Where it may be found, the first choice first. At most 8; of those with the same address, the first counts. */
  readonly candidates: readonly CandidateInit[];
}

/** One way to a daemon. */
export interface CandidateInit {
  /** The address: `wss://…`, or `ws://` to this machine. */
  readonly direct: string;
}

/**
 * Makes the profile of a host.
 * @throws MoorlineError SERVER_ID_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT; OPTION_INVALID for more than 8 candidates,
 *   for a label that is too long, and for what has another form.
 */
export function createHostProfile(init: HostProfileInit): HostProfile {
  checkObject("the profile", init);
  const { serverId, label = "", candidates } = init;
  checkLabel(label);
  checkList("candidates", candidates);
  const made = new Map(candidates.map(createCandidate).map((candidate) => [candidate.id, candidate]));
  if (made.size > hostLimits.maxCandidates) {
    throw new MoorlineError("OPTION_INVALID", `The profile has ${made.size} candidates.`, {
      action: `Give the ${hostLimits.maxCandidates} that are most likely to be reached.`,
    });
  }
  return create(HostProfileSchema, { serverId: parseServerId(serverId), label, candidates: [...made.values()] });
}

/**
 * Checks that a profile has the form of one. What a newer version has put into it is no failure.
 * @returns Its server id.
 * @throws MoorlineError SERVER_ID_MALFORMED; OPTION_INVALID where it is no profile.
 */
export function checkProfile(profile: HostProfile): ServerId {
  checkObject("profile", profile);
  const serverId = parseServerId(profile.serverId);
  checkList("the candidates of the profile", profile.candidates);
  for (const candidate of profile.candidates) {
    if (typeof candidate?.id === "string" && typeof candidate.kind === "object") continue;
    throw new MoorlineError("OPTION_INVALID", "A candidate of the profile is none.", {
      action: "Make the profile by createHostProfile, or take it from a registry.",
    });
  }
  return serverId;
}

/**
 * The candidates of a profile as the host machine takes them. What cannot be tried is set aside, with a reason. Of those
 * with the same id the first counts, and after 8 no more do. Spec: HOST-2.
 */
export function factsOf(profile: HostProfile): CandidateFacts[] {
  return distinct(profile).slice(0, hostLimits.maxCandidates).map(factOf);
}

/** What of a profile counts for nothing, as an error for people. Undefined where all of it counts. Spec: HOST-2. */
export function findSurplus(profile: HostProfile): MoorlineError | undefined {
  const { maxCandidates } = hostLimits;
  const apart = distinct(profile);
  if (apart.length < profile.candidates.length) {
    return new MoorlineError("OPTION_INVALID", "Candidates of the profile have the same id, or none.", {
      action: "Make the profile by createHostProfile; of those with the same id the first one counts.",
    });
  }
  if (apart.length <= maxCandidates) return undefined;
  return new MoorlineError("OPTION_INVALID", `The profile has ${apart.length} candidates.`, {
    action: `Leave out those that are not needed any more; the first ${maxCandidates} count.`,
  });
}

function distinct({ candidates }: HostProfile): readonly HostCandidate[] {
  const known = new Set([""]);
  return candidates.filter(({ id }) => !known.has(id) && known.add(id));
}

function checkLabel(label: unknown): void {
  if (typeof label === "string" && label.length <= hostLimits.maxLabelLength) return;
  throw new MoorlineError("OPTION_INVALID", "The label is no text, or too long.", {
    action: `Give a label of at most ${hostLimits.maxLabelLength} characters.`,
  });
}

/** The address of a direct candidate, in its normal form. Undefined where there is no such candidate that can be tried. */
export function endpointOf(profile: HostProfile, candidateId: string): string | undefined {
  const candidate = profile.candidates.find(({ id }) => id === candidateId);
  if (candidate?.kind.case !== "direct") return undefined;
  try {
    return parseEndpoint(candidate.kind.value.endpoint).url;
  } catch {
    return undefined;
  }
}

type CandidateParts = Parameters<typeof create<typeof HostProfileSchema>>[1];

function createCandidate(init: CandidateInit): { id: string; kind: HostCandidate["kind"] } {
  checkObject("a candidate", init);
  const { url } = parseEndpoint(init.direct);
  const profile: CandidateParts = {
    candidates: [{ id: `direct ${url}`, kind: { case: "direct", value: { endpoint: url } } }],
  };
  return create(HostProfileSchema, profile).candidates[0] as HostCandidate;
}

function factOf({ id: candidateId, kind }: HostCandidate): CandidateFacts {
  if (kind.case !== "direct") return fact(candidateId, Path.UNSPECIFIED, { setAside: SetAsideReason.UNKNOWN_KIND });
  try {
    const { isLoopback } = parseEndpoint(kind.value.endpoint);
    return fact(candidateId, Path.DIRECT, { isLoopback });
  } catch (error) {
    const isInsecure = MoorlineError.from(error).code === "INSECURE_ENDPOINT";
    const setAside = isInsecure ? SetAsideReason.INSECURE_ENDPOINT : SetAsideReason.ENDPOINT_MALFORMED;
    return fact(candidateId, Path.DIRECT, { setAside });
  }
}

function fact(candidateId: string, path: Path, changes: Partial<CandidateFacts>): CandidateFacts {
  return { candidateId, path, isLoopback: false, setAside: SetAsideReason.UNSPECIFIED, ...changes };
}
