import { Code, ConnectError } from "@connectrpc/connect";
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

/** Whatever was thrown, as people are shown it. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof ConnectError) {
    const name = Object.entries(Code).find(([, code]) => code === thrown.code)?.[0] ?? "Unknown";
    const code = name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
    return { code, text: thrown.rawMessage, action: isWithoutEffect(thrown) ? REFUSED : OPEN };
  }
  const { code, text, action } = MoorlineError.from(thrown);
  return { code, text, action };
}

function isWithoutEffect(error: ConnectError): boolean {
  if (!OPEN_ENDS.has(error.code)) return true;
  return error.findDetails(ChannelLostSchema).some(({ outcome }) => outcome === CallOutcome.NOT_SENT);
}
