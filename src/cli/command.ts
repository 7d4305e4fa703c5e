import type { Command } from "commander";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import { outcomeOf } from "../client/connection-waiters.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { isConnected } from "../client/selectors.ts";
import { createCommandClient, type GlobalOptions } from "./connect.ts";
import { toFailure } from "./failure.ts";
import { onLeaving } from "./on-leaving.ts";
import { Output } from "./output.ts";

/** What a command works with. */
export interface CommandContext {
  /** A client with a connection. */
  readonly client: DaemonClient;
  readonly output: Output;
}

/** What a command does. @returns The exit code; nothing stands for 0. */
export type CommandRun<Options> = (
  context: CommandContext,
  args: readonly string[],
  options: Options,
) => Promise<number | undefined>;

/** How a command is run. */
export interface CommandUse {
  /** `once`: a lost connection ends the command. `lasting`: it is dialled again, for as long as the command runs. */
  readonly connection: "once" | "lasting";
  /** Looks at the arguments before anything is dialled. Throws where they cannot be meant. */
  readonly check?: (args: readonly string[]) => void;
}

/** How long the end of a session that nobody comes back to may take, in milliseconds. */
const END_TIMEOUT_MS = 2_000;

/** Has a command connect, run, and end with its exit code, whatever it throws. */
export function runConnected<Options>(command: Command, use: CommandUse, run: CommandRun<Options>): void {
  runReported<GlobalOptions & Options>(command, (output, args, options) =>
    connectAndRun(options, output, use, run, args),
  );
}

/** Has a command run, and end with its exit code, whatever it throws. */
export function runReported<Options extends GlobalOptions>(
  command: Command,
  run: (output: Output, args: readonly string[], options: Options) => Promise<number | undefined>,
): void {
  command.action(async () => {
    const options = command.optsWithGlobals<Options>();
    const output = new Output(options.json);
    try {
      process.exitCode = (await run(output, command.args, options)) ?? 0;
    } catch (thrown) {
      const failure = toFailure(thrown);
      output.failure(failure);
      process.exitCode = failure.exitCode;
    }
  });
}

async function connectAndRun<Options>(
  options: GlobalOptions & Options,
  output: Output,
  { connection, check }: CommandUse,
  run: CommandRun<Options>,
  args: readonly string[],
): Promise<number | undefined> {
  check?.(args);
  const client = await createCommandClient(options, connection === "lasting");
  // The daemon need not keep a channel for somebody who is gone.
  const release = onLeaving(() => client.dispose());
  try {
    await connect(client);
    return await run({ client, output }, args, options);
  } finally {
    if (options.sessionKeyFile === undefined) await endSession(client);
    await client.close();
    release();
  }
}

/** A key of this run alone names a session that nobody comes back to: the daemon need not keep it. Never rejects. */
async function endSession(client: DaemonClient): Promise<void> {
  if (!isConnected(client.state)) return;
  await client
    .service(SessionService)
    .end({}, { timeoutMs: END_TIMEOUT_MS })
    .catch(() => {});
}

/** Connects. A first attempt that fails ends the command, also one that would dial again later. */
async function connect(client: DaemonClient): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = client.subscribe((state) => {
      const outcome = outcomeOf(state, false);
      if (outcome === undefined) return;
      stop();
      if (outcome === "connected") resolve();
      else reject(outcome);
    });
    client.ensureConnected().catch(reject);
  });
}
