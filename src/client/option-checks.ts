import { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { ClientProgram } from "./client-hello.ts";

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
