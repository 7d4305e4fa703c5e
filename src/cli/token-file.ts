import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../client/endpoint.ts";
import { nodeError } from "../wire/node-error.ts";
import { defaultStateDir, TOKEN_NAME } from "./state-dir.ts";

/**
 * The token file of a command: the one that is named, else that of the daemon of the same user, where the endpoint is this
 * machine and there is such a file. Undefined: there is no token.
 */
export function findTokenFile(
  named: string | undefined,
  { isLoopback }: Pick<Endpoint, "isLoopback">,
): string | undefined {
  if (named !== undefined) return named;
  if (!isLoopback) return undefined;
  const path = join(defaultStateDir(process.env, homedir()), TOKEN_NAME);
  return existsSync(path) ? path : undefined;
}

/**
 * The token of a file, without the white space around it.
 * @throws MoorlineError (as a rejection) TOKEN_FILE_UNUSABLE where it cannot be read, or is empty.
 */
export async function readTokenFile(path: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw nodeError("TOKEN_FILE_UNUSABLE", `The token file ${path} cannot be read.`, { cause });
  }
  if (token === "") throw nodeError("TOKEN_FILE_UNUSABLE", `The token file ${path} is empty.`);
  return token;
}
