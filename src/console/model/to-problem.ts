import { Code, ConnectError } from "@connectrpc/connect";
import {
  CommandRefusal,
  CommandRefusalSchema,
  type CommandRefused,
  CommandRefusedSchema,
  InputClosedSchema,
} from "../../../gen/moorline/agent/v1/error_pb.ts";
import { CallOutcome, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { MoorlineError } from "../../client/index.ts";
import type { Problem } from "./console-model.ts";

/** Codes of calls whose effect is not known. */
const OPEN_ENDS: ReadonlySet<Code> = new Set([
  ...[Code.Canceled, Code.Unknown, Code.DeadlineExceeded, Code.Aborted, Code.Internal, Code.Unavailable],
  Code.DataLoss,
]);
const REFUSED = "Nothing was changed. Mend what it says, then ask again.";
const OPEN = "It may have been done all the same. Look first, then ask again.";

/** Why a command is not run, and what to do. */
const REFUSALS: Readonly<Record<number, readonly [text: string, action: string]>> = {
  [CommandRefusal.NOT_FOUND]: [
    "The daemon finds no program of this name.",
    "Look for a slip of the pen, or give its whole path, such as /usr/bin/make.",
  ],
  [CommandRefusal.NOT_ALLOWED]: ["The daemon's policy does not allow it.", "Ask for another one, or allow it there."],
  [CommandRefusal.BAD_DIRECTORY]: [
    "There is no such working directory.",
    "Give the whole path of one that is there, or none.",
  ],
};

const INPUT_CLOSED: Problem = {
  code: "INPUT_CLOSED",
  text: "This agent takes no input, or no more of it.",
  action: "Nothing was changed. To give a command input, say when you run it that it takes prompts.",
};

/** Whatever was thrown, as people are shown it. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof ConnectError) {
    const [refused] = thrown.findDetails(CommandRefusedSchema);
    const refusal = refused && refusalOf(refused);
    if (refusal !== undefined) return refusal;
    if (thrown.findDetails(InputClosedSchema).length > 0) return INPUT_CLOSED;
    const name = Object.entries(Code).find(([, code]) => code === thrown.code)?.[0] ?? "Unknown";
    const code = name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
    return { code, text: thrown.rawMessage, action: isWithoutEffect(thrown) ? REFUSED : OPEN };
  }
  const { code, text, action } = MoorlineError.from(thrown);
  return { code, text, action };
}

/** Undefined: for a reason of which there is nothing to say that the daemon has not said. */
function refusalOf({ reason, program }: CommandRefused): Problem | undefined {
  const [text, action] = REFUSALS[reason] ?? [];
  const code = CommandRefusalSchema.value[reason]?.name;
  if (text === undefined || action === undefined || code === undefined) return undefined;
  return { code, text: `${program} was not run. ${text}`, action: `Nothing was changed. ${action}` };
}

function isWithoutEffect(error: ConnectError): boolean {
  if (!OPEN_ENDS.has(error.code)) return true;
  return error.findDetails(ChannelLostSchema).some(({ outcome }) => outcome === CallOutcome.NOT_SENT);
}
