import { createWriteStream } from "node:fs";
import { toJsonString } from "@bufbuild/protobuf";
import { TransitionSchema } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import type { Output } from "./output.ts";

/** Only its owner may read it. */
const FILE_MODE = 0o600;

/**
 * A sink of the transition log that adds each record to a file, as a line of JSON. Where the file cannot be written people are
 * told, and nothing else is disturbed.
 * @param path The file. Made where it is missing, with mode 0600.
 */
export function createTransitionFile(path: string, output: Output): TransitionSink {
  const file = createWriteStream(path, { flags: "a", mode: FILE_MODE });
  file.on("error", ({ message }) => output.note(`transitions are not written any more: ${message}`));
  return (transition) => void file.write(`${toJsonString(TransitionSchema, transition)}\n`);
}
