import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  AgentNotFoundSchema,
  AgentStatusConflictSchema,
  CapabilityMissingSchema,
  CommandRefusalSchema,
  CommandRefusedSchema,
  CursorRefusedSchema,
  PermissionAlreadyResolvedSchema,
} from "../../gen/moorline/agent/v1/error_pb.ts";
import {
  ChannelLossReasonSchema,
  ChannelLostSchema,
  LimitExceededSchema,
  LimitSchema,
} from "../../gen/moorline/session/v1/error_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/**
 * How commands end where they fail by themselves. `run` ends with the code of its command otherwise. `bug` is what nobody
 * has thought of.
 */
export const exitCodes = { bug: 1, usage: 2, connection: 120, rejected: 121, notFound: 122, channelLost: 123 } as const;

/** A failure as the command line shows it. */
export interface Failure {
  /** The code of a MoorlineError, or of a status such as `NOT_FOUND`. */
  readonly code: string;
  /** What it is about, in a word: the typed detail of the status. Empty where there is none. */
  readonly reason: string;
  /** What went wrong, for people. */
  readonly message: string;
  /** What to do. */
  readonly action: string;
  /** What the program ends with. */
  readonly exitCode: number;
}

/** Errors of this side that are about the way to the daemon. All others are about how the command was called. */
const CONNECTION_CODES: ReadonlySet<string> = new Set(["CREDENTIAL_REFRESH_FAILED", "DISPOSED", "NOT_CONNECTED"]);

const START_DAEMON = "Start the daemon, or give its address by --endpoint; `moorline doctor` says what is wrong.";
const GIVE_TOKEN = "Give the daemon's token by --token-file.";
/** What to do at a command line, where that is another thing than in a program. */
const ACTIONS: Readonly<Record<string, string>> = { NOT_CONNECTED: START_DAEMON, UNAUTHENTICATED: GIVE_TOKEN };
const SEE_RPC = "See what the method asks for in the schema.";

/** Details of errors, and what somebody at a command line can do about each. */
const DETAILS: readonly { readonly desc: DescMessage; readonly action: string }[] = [
  { desc: AgentNotFoundSchema, action: "List the agents by `moorline agents`." },
  { desc: AgentStatusConflictSchema, action: "Wait until the agent is idle, or cancel its turn by `moorline cancel`." },
  {
    desc: CapabilityMissingSchema,
    action: "Ask for what the provider can: `moorline call AgentService/ListProviders {}`.",
  },
  { desc: PermissionAlreadyResolvedSchema, action: "Nothing: somebody has decided already." },
  { desc: CursorRefusedSchema, action: "Begin anew, without the position." },
];

/** Whatever was thrown, as a failure. */
export function toFailure(thrown: unknown): Failure {
  return thrown instanceof ConnectError ? fromStatus(thrown) : fromError(MoorlineError.from(thrown));
}

function fromError(error: MoorlineError): Failure {
  const { code, text, action } = error;
  return { code, reason: "", message: text, action: ACTIONS[code] ?? action, exitCode: exitCodeOf(error) };
}

function exitCodeOf({ code, closeCode }: MoorlineError): number {
  if (closeCode !== undefined) return exitCodes.rejected;
  if (CONNECTION_CODES.has(code)) return exitCodes.connection;
  return code === "UNEXPECTED" ? exitCodes.bug : exitCodes.usage;
}

function fromStatus(error: ConnectError): Failure {
  const base = { code: toUpperSnake(Code[error.code]), message: error.rawMessage };
  const [lost] = error.findDetails(ChannelLostSchema);
  if (lost !== undefined) {
    const reason = ChannelLossReasonSchema.value[lost.reason]?.name ?? "";
    const action = "Look whether it had its effect before it is done again.";
    return { ...base, reason, action, exitCode: exitCodes.channelLost };
  }
  const [refused] = error.findDetails(CommandRefusedSchema);
  if (refused !== undefined) {
    const reason = CommandRefusalSchema.value[refused.reason]?.name ?? "";
    return {
      ...base,
      reason,
      action: "Ask for another command, or allow it in the daemon's policy.",
      exitCode: exitCodes.rejected,
    };
  }
  const [limit] = error.findDetails(LimitExceededSchema);
  if (limit !== undefined) {
    const reason = LimitSchema.value[limit.limit]?.name ?? "";
    return { ...base, reason, action: `Ask for less: the limit is ${limit.max}.`, exitCode: exitCodes.rejected };
  }
  const known = DETAILS.find(({ desc }) => error.findDetails(desc).length > 0);
  const exitCode = error.code === Code.NotFound ? exitCodes.notFound : exitCodes.rejected;
  return { ...base, reason: known?.desc.name ?? "", action: known?.action ?? actionOf(error.code), exitCode };
}

function actionOf(code: Code): string {
  if (code === Code.Unauthenticated) return GIVE_TOKEN;
  if (code === Code.PermissionDenied) return "Use the session key that the session was begun with.";
  return code === Code.Unavailable ? START_DAEMON : SEE_RPC;
}

/** `NotFound` as `NOT_FOUND`. */
function toUpperSnake(name: string | undefined): string {
  return (name ?? "UNKNOWN").replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
