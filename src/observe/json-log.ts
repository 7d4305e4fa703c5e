import { type Logger, pino } from "pino";
import { type Transition, TransitionOutcome, TransitionSchema } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import { redact } from "../wire/redact.ts";
import { errorToJson } from "./error-to-json.ts";

/** From the most to the least that is written. `silent` writes nothing. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Options of {@link createJsonLog}. */
export interface JsonLogOptions {
  /** Lines of lower levels are not written. `debug` has the ignored events too. Default `info`. */
  readonly level?: LogLevel;
  /** Takes each line, with its line end, at once. Default: the standard error of the process. */
  readonly destination?: { write(line: string): void };
  /** The program, as `name` of each line. Default: lines have none. */
  readonly name?: string;
}

/** A log of JSON lines. Its members fit the options of a server, and `onTransition` and `onError` those of a client. */
export interface JsonLog {
  /** Writes a record of the transition log as one line. Spec: LOG-5. */
  readonly onTransition: TransitionSink;
  /** Writes that something was thrown. For the option of that name of a client. */
  readonly onError: (error: unknown) => void;
  /** Writes warnings and errors for people. For the option of that name of a server. */
  readonly logger: {
    warn(message: string): void;
    error(message: string, error: unknown): void;
  };
}

/**
 * Makes a log that writes each record of the transition log, each warning and each error as one line of JSON, by pino:
 * `{"level":"info","time":"…","transition":{…},"msg":"channel: attached → detached (connection_lost)"}`. `transition` is
 * protobuf's JSON of `moorline.state.v1.Transition` without secrets. Each line is written when it is logged, so that none
 * is missing where the process ends. Spec: LOG-3, LOG-5, LOG-6.
 */
export function createJsonLog(options: JsonLogOptions = {}): JsonLog {
  const log = createPino(options);
  return {
    onTransition: (transition) => writeTransition(log, transition),
    onError: (error) => log.error({ error: errorToJson(error) }, "moorline: something has failed"),
    logger: {
      warn: (message) => log.warn(message),
      error: (message, error) => log.error({ error: errorToJson(error) }, message),
    },
  };
}

function createPino({ level = "info", destination, name }: JsonLogOptions): Logger {
  const settings = {
    level,
    // The names of processes and machines are nobody's business but the collector's, which knows them.
    base: name === undefined ? null : { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, destination ?? pino.destination({ fd: 2, sync: true }));
}

function writeTransition(log: Logger, transition: Transition): void {
  const level = transition.outcome === TransitionOutcome.IGNORED ? "debug" : "info";
  if (!log.isLevelEnabled(level)) return;
  log[level]({ transition: redact(TransitionSchema, transition) }, describeTransition(transition));
}

function describeTransition({ machine, from, event, to, outcome }: Transition): string {
  const move = outcome === TransitionOutcome.IGNORED ? `${from}, ignored` : `${from} → ${to}`;
  return `${machine}: ${move} (${event})`;
}
