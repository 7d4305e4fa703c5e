import { HostCore } from "../../../src/runtime/host/host-core.ts";
import { resolveHostOptions } from "../../../src/runtime/host/host-settings.ts";
import type { HostRuntimeOptions } from "../../../src/runtime/host-runtime.ts";
import { type AgentDirectory, createAgentDirectory } from "../../../src/runtime/mirror/agent-directory.ts";

/** A runtime as the world drives it. */
export interface DrivenRuntime
  extends Pick<
    HostCore,
    | "getSnapshot"
    | "subscribe"
    | "service"
    | "on"
    | "start"
    | "stop"
    | "retry"
    | "refresh"
    | "useCandidate"
    | "setProfile"
    | "credentialChanged"
    | "ensureOnline"
  > {
  readonly agents: AgentDirectory;
}

/** Makes a runtime: the core of a host, and the mirror of its agents. */
export function createRuntime(options: HostRuntimeOptions): DrivenRuntime {
  const settings = resolveHostOptions(options);
  const core = new HostCore(settings, options.profile);
  const { clock, random, onTransition, onError } = settings;
  const agents = createAgentDirectory({
    ...{ clock, random, onTransition, onError },
    service: (desc) => core.service(desc),
    peer: () => core.getSnapshot(),
  });
  core.onRefresh(() => agents.refresh());
  const wrapped = (name: "start" | "stop") => (): void => {
    core[name]();
    agents[name]();
  };
  return {
    getSnapshot: core.getSnapshot,
    subscribe: core.subscribe,
    service: (desc) => core.service(desc),
    on: (name, listener) => core.on(name, listener),
    start: wrapped("start"),
    stop: wrapped("stop"),
    retry: () => core.retry(),
    refresh: () => core.refresh(),
    useCandidate: (id) => core.useCandidate(id),
    setProfile: (profile) => core.setProfile(profile),
    credentialChanged: () => core.credentialChanged(),
    ensureOnline: () => core.ensureOnline(),
    agents,
  };
}
