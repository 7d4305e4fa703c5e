import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const SUFFIX_BYTES = 8;

/** What systems answer where a file is there already. */
export const FILE_EXISTS = "EEXIST";

/**
 * Writes a file that only this user can read. It appears whole or not at all, over racing processes and crashes; its
 * directory is made where it is missing. Fails with {@link FILE_EXISTS} where the file is there already.
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  const draft = `${path}.${randomBytes(SUFFIX_BYTES).toString("hex")}`;
  try {
    await writeSynced(draft, text);
    await link(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Reads a file that only this user is to read, and sees to it that nobody else can. */
export async function readPrivateFile(path: string): Promise<string> {
  await chmod(path, FILE_MODE);
  return readFile(path, "utf8");
}

/** The code of a system error, such as `ENOENT`. Undefined for any other error. */
export function errorCodeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(text, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}
