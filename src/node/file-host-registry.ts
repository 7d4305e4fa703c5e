import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createHostRegistry } from "../runtime/registry/create-host-registry.ts";
import { createTurns, type Turns } from "../runtime/registry/create-turns.ts";
import type { HostRegistry } from "../runtime/registry/host-registry.ts";

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const SUFFIX_BYTES = 8;

/** Registries of one process on one file take turns. */
const turnsByPath = new Map<string, Turns>();

/**
 * A registry in a file of its own with the mode 0600, which appears on disk whole or not at all; its directory is made where
 * it is missing. Within a process nothing is lost, whoever writes; of two processes that write at the same moment the later
 * one counts. Copies of damaged ones are beside it: its name, `.damaged-` and a number. Spec: REGISTRY-7.
 * @param path The file. It need not be there.
 */
export function createFileHostRegistry(path: string): HostRegistry {
  const file = resolve(path);
  const alone = turnsByPath.get(file) ?? createTurns();
  turnsByPath.set(file, alone);
  return createHostRegistry({
    name: file,
    alone,
    read: () => readIfThere(file),
    write: (text) => replaceFile(file, text),
    keepCopy: async (text, number) => {
      const copy = `${file}.damaged-${number}`;
      const kept = await readIfThere(copy);
      if (kept === undefined) await replaceFile(copy, text);
      return kept === undefined || kept === text;
    },
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  const draft = `${path}.${randomBytes(SUFFIX_BYTES).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", FILE_MODE);
    try {
      await handle.writeFile(text, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
