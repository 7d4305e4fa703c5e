import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type HostProfile, HostProfileSchema } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { base64urlToBytes, bytesToBase64url } from "../../wire/base64url.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { parseServerId } from "../../wire/server-id.ts";
import type { RegistryContents } from "./host-registry.ts";

const VERSION = 1;
const NOTHING: RegistryContents = { profiles: [], faults: [] };

/**
 * A registry as text: JSON `{ "version": 1, "hosts": ["…"] }`, each host the base64url of its HostProfile, so that what a
 * newer version has put into a profile is kept. Spec: REGISTRY-1, REGISTRY-2.
 */
export function printRegistry(profiles: readonly HostProfile[]): string {
  const hosts = profiles.map((profile) => bytesToBase64url(toBinary(HostProfileSchema, profile)));
  return JSON.stringify({ version: VERSION, hosts });
}

/**
 * What a text has. A profile that cannot be read costs itself alone. Spec: REGISTRY-3.
 * @param text Undefined: nothing was written yet.
 * @throws MoorlineError REGISTRY_NEWER.
 */
export function parseRegistry(text: string | undefined): RegistryContents {
  if (text === undefined) return NOTHING;
  const json = parseJson(text);
  if (typeof json.version === "number" && json.version > VERSION) {
    throw new MoorlineError("REGISTRY_NEWER", `The registry has the version ${json.version}, and this is ${VERSION}.`);
  }
  if (json.version !== VERSION || !Array.isArray(json.hosts)) {
    return { profiles: [], faults: [new MoorlineError("REGISTRY_CORRUPT", "The registry of hosts cannot be read.")] };
  }
  const read = json.hosts.map(parseHost);
  return {
    profiles: read.filter((host): host is HostProfile => !(host instanceof MoorlineError)),
    faults: read.filter((host) => host instanceof MoorlineError),
  };
}

interface RegistryJson {
  readonly version?: unknown;
  readonly hosts?: unknown;
}

function parseJson(text: string): RegistryJson {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json : {};
  } catch {
    return {};
  }
}

function parseHost(text: unknown, index: number): HostProfile | MoorlineError {
  try {
    const bytes = typeof text === "string" ? base64urlToBytes(text) : undefined;
    if (bytes === undefined) throw new TypeError("no base64url");
    const profile = fromBinary(HostProfileSchema, bytes);
    parseServerId(profile.serverId);
    return profile;
  } catch (cause) {
    return new MoorlineError("REGISTRY_CORRUPT", `The host ${index + 1} of the registry cannot be read.`, { cause });
  }
}
