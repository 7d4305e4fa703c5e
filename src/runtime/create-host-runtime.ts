import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { HostPhase } from "../../gen/moorline/state/v1/phase_pb.ts";
import { createCreations } from "./creation/create-creations.ts";
import { HostCore } from "./host/host-core.ts";
import { HostMirrors } from "./host/host-mirrors.ts";
import { obstacleOf } from "./host/host-obstacle.ts";
import { type HostSettings, resolveHostOptions } from "./host/host-settings.ts";
import type { HostRuntime, HostRuntimeOptions } from "./host-runtime.ts";
import type { MirrorHost } from "./mirror/mirror-host.ts";
import { hostPhaseOf } from "./selectors.ts";

/**
 * Makes the runtime of a host. It opens nothing yet: `start` does, or `ensureOnline`.
 * @throws MoorlineError SERVER_ID_MALFORMED, SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, OPTION_INVALID. A session key that a
 *   function gives is checked when it is there. Spec: HOST-1.
 */
export function createHostRuntime(options: HostRuntimeOptions): HostRuntime {
  const settings = resolveHostOptions(options);
  const core = new HostCore(settings, options.profile);
  const mirrorHost = createMirrorHost(core, settings, options);
  const mirrors = new HostMirrors(core, mirrorHost);
  const creations = createCreations({
    ...{ clock: settings.clock, random: settings.random, host: mirrorHost.peer },
    ...{ onTransition: settings.onTransition, onError: settings.onError },
    service: core.service(AgentService),
    directory: mirrors.directory,
  });
  core.subscribe(() => {
    if (hostPhaseOf(core.getSnapshot()) === HostPhase.STOPPED) creations.dispose();
  });
  return {
    ...{ serverId: settings.serverId, creations, agents: creations.agents },
    ...{ getSnapshot: core.getSnapshot, subscribe: core.subscribe },
    get snapshot() {
      return core.getSnapshot();
    },
    service: (service) => core.service(service),
    on: (name, listener) => core.on(name, listener),
    timeline: (agentId) => mirrors.timeline(agentId),
    start: () => core.start(),
    stop: () => {
      core.stop();
      return mirrors.ended;
    },
    retry: () => core.retry(),
    refresh: () => core.refresh(),
    useCandidate: (candidateId) => core.useCandidate(candidateId),
    setProfile: (profile) => core.setProfile(profile),
    credentialChanged: () => core.credentialChanged(),
    ensureOnline: () => core.ensureOnline(),
    createAgent: (request) => creations.create(request),
  };
}

function createMirrorHost(core: HostCore, settings: HostSettings, options: HostRuntimeOptions): MirrorHost {
  const { clock, random, onTransition, onError } = settings;
  return {
    ...{ clock, random, onTransition, onError },
    service: (service) => core.service(service),
    peer: () => {
      const { serverId, sessionRef } = core.getSnapshot();
      return { serverId, sessionRef };
    },
    obstacle: () => obstacleOf(core.getSnapshot()),
    storage: options.mirrorStorage,
  };
}
