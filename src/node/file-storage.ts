import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { KeyStorage } from "../wire/key-storage.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const SUFFIX_BYTES = 8;
const KEY_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** What systems answer where a file system, or a sandbox, has no hard links. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(["EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM"]);

/**
 * A storage of one file per key in a directory, which is made where it is missing. Files have the mode 0600. They appear
 * whole or not at all, and on disk, over racing processes and crashes: each is written and synced under another name and
 * then linked, which fails where the name is taken. Spec: KEY-6, KEY-7.
 * @param directory Only for this user. Its file system must have hard links.
 * @returns A storage that rejects with MoorlineError STORAGE_UNSUPPORTED where it has none, STORAGE_FAILED for a key that
 *   is not 1 to 64 characters of `a-z 0-9 -`, and else with the error of the system.
 */
export function createFileStorage(directory: string): KeyStorage {
  const folder = resolve(directory);
  return {
    name: folder,
    async putIfAbsent(key, value) {
      if (!KEY_PATTERN.test(key)) throw new MoorlineError("STORAGE_FAILED", "This key can be no file name.");
      return putFileIfAbsent(join(folder, key), value);
    },
  };
}

/**
 * Writes a file of its own, with the mode 0600, unless there is one, and gives what is in it afterwards: as
 * {@link createFileStorage}, under whatever name. Its directory is made where it is missing.
 * @throws MoorlineError (as a rejection) STORAGE_UNSUPPORTED, and else the error of the system.
 */
export async function putFileIfAbsent(path: string, text: string): Promise<string> {
  return (await readIfThere(path)) ?? (await create(dirname(path), path, text));
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function create(folder: string, path: string, value: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: DIRECTORY_MODE });
  const draft = `${path}.${randomBytes(SUFFIX_BYTES).toString("hex")}`;
  try {
    await writeSynced(draft, value);
    const isOurs = await linkIfAbsent(draft, path);
    await syncDirectory(folder);
    return isOurs ? value : await readFile(path, "utf8");
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeSynced(path: string, value: string): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(value, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkIfAbsent(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!NO_LINKS.has(codeOf(error))) throw error;
    throw new MoorlineError("STORAGE_UNSUPPORTED", "The directory is on a file system without hard links.", {
      cause: error,
    });
  }
}

/** Windows has no way to sync a directory, and needs none. */
async function syncDirectory(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
