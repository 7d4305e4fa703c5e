import { checkFunction, checkObject } from "../../wire/check-given.ts";
import type { AgentDirectoryOptions, OwnedAgentDirectory } from "./agent-directory.ts";
import { DirectoryMirror } from "./directory-mirror.ts";
import type { MirrorHost } from "./mirror-host.ts";

/**
 * Makes a directory, stopped and empty. @param host What it needs. Spec: MIRROR-1.
 * @throws MoorlineError OPTION_INVALID where an option has another form.
 */
export function createAgentDirectory(host: MirrorHost, options: AgentDirectoryOptions = {}): OwnedAgentDirectory {
  if (options.filter !== undefined) checkObject("filter", options.filter);
  if (options.order !== undefined) checkFunction("order", options.order);
  return new DirectoryMirror(host, options);
}
