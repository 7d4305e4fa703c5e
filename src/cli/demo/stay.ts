import { join } from "node:path";
import { statePathsOf } from "../../daemon/state-directory.ts";
import { CONSOLE_MISSING, consoleUrlOf, hasConsole } from "../console-page.ts";
import { Output } from "../output.ts";
import { readTokenFile } from "../token-file.ts";
import { untilSignal } from "../until-signal.ts";
import { startDaemon } from "./demo-daemon.ts";
import type { DemoProcesses } from "./demo-process.ts";

/** The demo itself starts its daemon twice. */
const RUN = 3;

/**
 * Starts the daemon of the demo once more, with everything that it has kept, and says where its console is. Comes back when
 * this process is told to stop, or the daemon has ended.
 * @param home The folder of the demo.
 */
export async function keepDaemon(processes: DemoProcesses, home: string, isJson: boolean): Promise<void> {
  const daemon = await startDaemon(processes, home, RUN, 0);
  const endpoint = `ws://127.0.0.1:${daemon.port}/`;
  const console = consoleUrlOf(endpoint, await readTokenFile(statePathsOf(join(home, "state")).token));
  const page = hasConsole() ? `console at ${console}` : CONSOLE_MISSING;
  new Output(isJson).object(
    { endpoint, ...(hasConsole() ? { console } : {}) },
    `the daemon stays on ${endpoint} until Ctrl-C\n${page}`,
  );
  await Promise.race([untilSignal(), daemon.process.ended]);
}
