import { posix, win32 } from "node:path";

/** The file in the state directory of a daemon that has its bearer token. */
export const TOKEN_NAME = "token";

/**
 * Where a daemon of this user keeps its state unless it is told otherwise, and where its clients on the same machine look for
 * its token: `$XDG_STATE_HOME/moorline`, by default `~/.local/state/moorline`; on macOS
 * `~/Library/Application Support/moorline`, on Windows `%LOCALAPPDATA%\moorline`. The directory need not be there.
 * @param env Environment variables. What is empty or relative counts as not set, as the XDG specification wants it.
 * @param homedir The home directory of the user.
 * @param platform Default: this one.
 */
export function defaultStateDir(
  env: Readonly<Record<string, string | undefined>>,
  homedir: string,
  platform: NodeJS.Platform = process.platform,
): string {
  switch (platform) {
    case "darwin":
      return posix.join(homedir, "Library", "Application Support", "moorline");
    case "win32":
      return win32.join(absoluteOr(env.LOCALAPPDATA, win32) ?? win32.join(homedir, "AppData", "Local"), "moorline");
    default:
      return posix.join(absoluteOr(env.XDG_STATE_HOME, posix) ?? posix.join(homedir, ".local", "state"), "moorline");
  }
}

function absoluteOr(path: string | undefined, { isAbsolute }: typeof posix): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
