import type { Command } from "commander";
import { outcomeOf } from "../client/connection-waiters.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { createCommandClient, type GlobalOptions } from "./connect.ts";
import { toFailure } from "./failure.ts";
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

/** Has a command connect, run, and end with its exit code, whatever it throws. */
export function runConnected<Options>(command: Command, use: CommandUse, run: CommandRun<Options>): void {
  command.action(async () => {
    const options = command.optsWithGlobals<GlobalOptions & Options>();
    const output = new Output(options.json);
    try {
      process.exitCode = (await connectAndRun(options, output, use, run, command.args)) ?? 0;
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
  try {
    await connect(client);
    return await run({ client, output }, args, options);
  } finally {
    await client.close();
  }
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
