import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory on disk that is there as long as the process. */
export function createScratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "moorline-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  // How the rig ends its processes.
  process.once("SIGTERM", () => process.exit(0));
  return directory;
}
