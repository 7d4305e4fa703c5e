import { styleText } from "node:util";
import { type Command, InvalidArgumentError } from "commander";
import {
  type Finding,
  FindingSchema,
  ReasonSchema,
  Result,
  ResultSchema,
  StepSchema,
} from "../../gen/moorline/doctor/v1/doctor_pb.ts";
import { parseServerId } from "../wire/server-id.ts";
import { runReported } from "./command.ts";
import type { GlobalOptions } from "./connect.ts";
import { examine, exitCodeOf } from "./doctor/examine.ts";

interface DoctorOptions extends GlobalOptions {
  readonly serverId?: string;
  /** In seconds. */
  readonly timeout: number;
}

const DEFAULT_TIMEOUT_SECONDS = 10;
const MAX_TIMEOUT_SECONDS = 600;
const STEP_WIDTH = 12;

/** Of results; all others are dim. */
const COLOURS: ReadonlyMap<Result, "green" | "yellow" | "red"> = new Map([
  [Result.OK, "green"],
  [Result.WARNING, "yellow"],
  [Result.FAILED, "red"],
]);

/** Adds `moorline doctor`: takes each step of reaching a daemon, and says what is wrong and what to do. */
export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .description("take each step of reaching a daemon, and say what is wrong and what to do")
    .argument("[endpoint]", "where the daemon is; default: that of --endpoint")
    .option("--server-id <id>", "the daemon that is meant", toServerId)
    .option("--timeout <seconds>", "how long each step may take", toSeconds, DEFAULT_TIMEOUT_SECONDS);
  runReported<DoctorOptions>(command, async (output, [endpoint], options) => {
    const findings: Finding[] = [];
    const { sessionKeyFile, tokenFile, serverId, timeout } = options;
    const input = { endpoint: endpoint ?? options.endpoint, sessionKeyFile, tokenFile, serverId };
    for await (const finding of examine({ ...input, timeoutMs: timeout * 1_000 })) {
      output.message(FindingSchema, finding, findingToText);
      findings.push(finding);
    }
    return exitCodeOf(findings);
  });
}

/** A finding as a line: how it went, the step, what was found, what to do. */
function findingToText({ step, result, reason, message, action }: Finding): string {
  const word = ResultSchema.value[result]?.localName ?? `${result}`;
  const name = (StepSchema.value[step]?.localName ?? `${step}`).toLowerCase().replace("_", " ");
  const why = reason === 0 ? "" : `[${ReasonSchema.value[reason]?.localName ?? reason}] `;
  const text = `${why}${message}${action === "" ? "" : `${/[.!?]$/.test(message) ? "" : "."} ${action}`}`;
  return `${styleText(COLOURS.get(result) ?? "dim", word.padEnd(7))}  ${name.padEnd(STEP_WIDTH)}${text}`;
}

function toServerId(text: string): string {
  try {
    return parseServerId(text);
  } catch {
    throw new InvalidArgumentError("43 characters of base64url, as the daemon prints it");
  }
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidArgumentError(`more than 0, and at most ${MAX_TIMEOUT_SECONDS}`);
}
