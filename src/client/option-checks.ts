import { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { ClientProgram } from "./client-hello.ts";
import {
  type Credential,
  type CredentialCallback,
  CredentialSource,
  createCredentialSource,
  isCredential,
} from "./credential.ts";

/** The largest number that options may have where nothing else bounds it. */
export const MAX_UINT32 = 2 ** 32 - 1;

/**
 * The source of a credential option: the one that was given, or one of its own.
 * @throws MoorlineError OPTION_INVALID, without the value.
 */
export function resolveCredential(
  option: Credential | CredentialCallback | CredentialSource | undefined,
): CredentialSource {
  if (option instanceof CredentialSource) return option;
  if (option === undefined || typeof option === "function" || isCredential(option)) {
    return createCredentialSource(option);
  }
  throw new MoorlineError("OPTION_INVALID", "The option credential is no credential.", {
    action: "Give { bearerToken } or { pairingToken }, a function that does, or a source from createCredentialSource.",
  });
}

/**
 * The program of a client, every field of it set.
 * @throws MoorlineError OPTION_INVALID.
 */
export function checkProgram(program: ClientProgram | undefined): ClientProgram {
  const { name, version, platform = "" } = program ?? {};
  if (typeof name !== "string" || typeof version !== "string" || typeof platform !== "string") {
    throw new MoorlineError("OPTION_INVALID", "The option client has no name or no version.", {
      action: "Give client: { name, version } of your program.",
    });
  }
  return { name, version, platform };
}

/**
 * The path of a connection. Default DIRECT.
 * @throws MoorlineError OPTION_INVALID.
 */
export function checkPath(path: Path = Path.DIRECT): Path {
  if (path === Path.DIRECT || path === Path.RELAY) return path;
  throw new MoorlineError("OPTION_INVALID", "The option path is neither Path.DIRECT nor Path.RELAY.");
}

/**
 * Checks a limit.
 * @throws MoorlineError OPTION_INVALID.
 */
export function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new MoorlineError("OPTION_INVALID", `The limit ${name} is not a whole number from ${min} to ${max}.`);
}
