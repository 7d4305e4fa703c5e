import { createHash } from "node:crypto";
import type { Expected } from "./expected.ts";
import type { CommandResult } from "./messages.ts";

/** How a command came through. */
export interface CheckedCommand extends CommandResult {
  /** What the table calls it. */
  readonly name: string;
  /** Whether every byte arrived once, in order, as it was printed; of a command that was cut, every byte up to there. */
  readonly isSame: boolean;
}

/** What agents are expected to end with. */
const ENDED = { status: "AGENT_STATUS_ENDED", failure: "", exitCode: 0 };
const CUT = {
  status: "AGENT_STATUS_ERROR",
  failure: "AGENT_FAILURE_REASON_DAEMON_RESTARTED",
  exitCode: undefined,
};

/** Compares what arrived of a command that came to its end with what it prints. */
export function checkCommand(name: string, result: CommandResult, { output }: Expected): CheckedCommand {
  const isSame = result.bytes === output.length && isClean(result) && endsAs(result, ENDED) && isPrefix(result, output);
  return { name, isSame, ...result };
}

/** Compares what arrived of a command whose daemon was killed with what it prints: it is the beginning of that. */
export function checkCutCommand(name: string, result: CommandResult, { output }: Expected): CheckedCommand {
  const isInside = result.bytes > 0 && result.bytes < output.length;
  return { name, isSame: isInside && isClean(result) && endsAs(result, CUT) && isPrefix(result, output), ...result };
}

function isClean({ duplicates, gaps }: CommandResult): boolean {
  return duplicates === 0 && gaps === 0;
}

function endsAs(result: CommandResult, end: typeof ENDED | typeof CUT): boolean {
  return result.status === end.status && result.failure === end.failure && result.exitCode === end.exitCode;
}

function isPrefix({ bytes, sha256 }: CommandResult, output: Buffer): boolean {
  return sha256 === createHash("sha256").update(output.subarray(0, bytes)).digest("hex");
}
