import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";

/** A command that writes numbered lines until it is told to stop. */
export interface LineWriter {
  /** As it is typed into the form. */
  readonly command: string;
  /** Has it stop. Settles when it has written its last line, whoever hears of it. */
  stop(): Promise<void>;
}

/** Makes a command that writes `line 1`, `line 2` and so on, one every 20 ms, for as long as the test needs. */
export function createLineWriter(): LineWriter {
  const folder = mkdtempSync(join(tmpdir(), "moorline-lines-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const script = `i=0; while [ -d ${folder} ] && [ ! -e ${folder}/stop ]; do i=$((i+1)); echo line $i; sleep 0.02; done; touch ${folder}/stopped`;
  return {
    command: `sh -c '${script}'`,
    async stop() {
      writeFileSync(`${folder}/stop`, "");
      await vi.waitUntil(() => existsSync(`${folder}/stopped`), { timeout: 10_000, interval: 20 });
    },
  };
}

/** The lines that are wrong in what a {@link LineWriter} has written: lost, twice, or in another order. */
export function wrongLinesOf(output: string): string[] {
  const lines = output.split("\n").slice(0, -1);
  return lines.filter((line, index) => line !== `line ${index + 1}`);
}
