import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { firstLine, startMoorline } from "../../support/moorline-command.ts";

/** A daemon with its console. */
export interface ConsoleDaemon {
  /** Of the console, with the token in the fragment. */
  readonly url: string;
  /** Of the console, without. */
  readonly origin: string;
  readonly endpoint: string;
  readonly serverId: string;
  readonly token: string;
  readonly stateDirectory: string;
  /** What it has written to its log, once it has ended. */
  stop(): Promise<string>;
}

/** Starts `moorline daemon` for the length of a test. @param args More options. */
export async function startConsoleDaemon(...args: string[]): Promise<ConsoleDaemon> {
  const stateDirectory = mkdtempSync(join(tmpdir(), "moorline-browser-"));
  const place = ["--listen", "127.0.0.1:0", "--state-dir", stateDirectory];
  const command = startMoorline(["daemon", ...place, "--log-level", "debug", "--json", ...args]);
  const stop = async (): Promise<string> => {
    command.kill("SIGTERM");
    return (await command).stderr;
  };
  onTestFinished(async () => {
    // Nobody needs what it would still save, and a test is not to wait for its drain.
    command.kill("SIGKILL");
    await command;
    rmSync(stateDirectory, { recursive: true, force: true });
  });
  const ready = JSON.parse(await firstLine(command)) as { endpoint: string; serverId: string; console: string };
  const token = readFileSync(join(stateDirectory, "token"), "utf8").trim();
  const url = `${ready.console}#token=${token}`;
  return { ...ready, url, origin: new URL(url).origin, token, stateDirectory, stop };
}
