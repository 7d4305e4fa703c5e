import type { AgentDirectoryOptions, OwnedAgentDirectory } from "./agent-directory.ts";
import { DirectoryMirror } from "./directory-mirror.ts";
import type { MirrorHost } from "./mirror-host.ts";

/** Makes a directory, stopped and empty. @param host What it needs. Throws nothing. Spec: MIRROR-1. */
export function createAgentDirectory(host: MirrorHost, options: AgentDirectoryOptions = {}): OwnedAgentDirectory {
  return new DirectoryMirror(host, options);
}
