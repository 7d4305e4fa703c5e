import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

/** Whether a program is there and may be run: at its path, or in the search path. Never rejects. */
export async function isProgram(program: string, workingDirectory: string, searchPath: string): Promise<boolean> {
  if (program.includes("/")) return isRunnable(resolve(workingDirectory, program));
  for (const folder of searchPath.split(delimiter)) {
    if (await isRunnable(resolve(workingDirectory, folder, program))) return true;
  }
  return false;
}

/** Whether a path is that of a directory. Never rejects. */
export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

async function isRunnable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
