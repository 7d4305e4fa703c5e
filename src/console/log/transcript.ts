import { timestampMs } from "@bufbuild/protobuf/wkt";
import { TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { redact } from "../../wire/redact.ts";
import type { LoggedPacket } from "./packet-log.ts";
import type { JournalEntry } from "./transition-journal.ts";

/** What a transcript is made of. */
export interface TranscriptParts {
  readonly entries: readonly JournalEntry[];
  readonly packets: readonly LoggedPacket[];
  /** Named in the first line. */
  readonly serverId: string;
  /** The version of Moorline, named in the first line. */
  readonly version: string;
}

/**
 * What has happened as JSON lines, in the order of time: `transcript` first, then `transition` (a record of the log,
 * redacted) and `packet` (its summary). It has no secret and no payload. Spec: CONSOLE-10.
 */
export function toTranscript({ entries, packets, serverId, version }: TranscriptParts): string {
  const lines = [
    ...entries.map(({ transition }) => ({
      atMs: transition.at === undefined ? 0 : timestampMs(transition.at),
      line: { type: "transition", ...redact(TransitionSchema, transition) },
    })),
    ...packets.map(({ atMs, ...packet }) => ({
      atMs,
      line: { type: "packet", at: new Date(atMs).toISOString(), ...packet },
    })),
  ].toSorted((one, other) => one.atMs - other.atMs);
  const first = { type: "transcript", version, serverId };
  return [first, ...lines.map(({ line }) => line)].map((line) => `${JSON.stringify(line)}\n`).join("");
}
