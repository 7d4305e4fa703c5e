import { create } from "@bufbuild/protobuf";
import { type CandidateFacts, CandidateFactsSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import {
  type HostCandidate,
  type HostProfile,
  HostProfileSchema,
} from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { parseEndpoint } from "../../client/endpoint.ts";
import { hostLimits } from "../../wire/limits.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { parseServerId } from "../../wire/server-id.ts";

/** What a profile is made from. */
export interface HostProfileInit {
  /** The server id of the daemon. */
  readonly serverId: string;
  /** What people call it. Default empty. */
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
 * @throws MoorlineError SERVER_ID_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT; OPTION_INVALID for more than 8 candidates.
 */
export function createHostProfile({ serverId, label = "", candidates }: HostProfileInit): HostProfile {
  const made = new Map(candidates.map(createCandidate).map((candidate) => [candidate.id, candidate]));
  if (made.size > hostLimits.maxCandidates) {
    throw new MoorlineError("OPTION_INVALID", `A profile has at most ${hostLimits.maxCandidates} candidates.`);
  }
  return create(HostProfileSchema, { serverId: parseServerId(serverId), label, candidates: [...made.values()] });
}

/** The candidates of a profile as the host machine takes them. What cannot be tried is set aside, with a reason. Spec: HOST-2. */
export function factsOf({ candidates }: HostProfile): CandidateFacts[] {
  return candidates.slice(0, hostLimits.maxCandidates).map(factOf);
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

function createCandidate({ direct }: CandidateInit): { id: string; kind: HostCandidate["kind"] } {
  const { url } = parseEndpoint(direct);
  const profile: CandidateParts = {
    candidates: [{ id: `direct ${url}`, kind: { case: "direct", value: { endpoint: url } } }],
  };
  return create(HostProfileSchema, profile).candidates[0] as HostCandidate;
}

function factOf({ id: candidateId, kind }: HostCandidate): CandidateFacts {
  if (kind.case !== "direct") return fact({ candidateId, setAside: SetAsideReason.UNKNOWN_KIND });
  try {
    const { isLoopback } = parseEndpoint(kind.value.endpoint);
    return fact({ candidateId, path: Path.DIRECT, isLoopback });
  } catch (error) {
    const isInsecure = MoorlineError.from(error).code === "INSECURE_ENDPOINT";
    const setAside = isInsecure ? SetAsideReason.INSECURE_ENDPOINT : SetAsideReason.ENDPOINT_MALFORMED;
    return fact({ candidateId, path: Path.DIRECT, setAside });
  }
}

function fact(init: Parameters<typeof create<typeof CandidateFactsSchema>>[1]): CandidateFacts {
  return create(CandidateFactsSchema, init);
}
