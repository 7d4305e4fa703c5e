import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { ClientInstance } from "../../client/client-instance.ts";
import { createDaemonClient, type DaemonClient } from "../../client/daemon-client.ts";
import type { LifecycleSource } from "../../client/lifecycle.ts";
import { createProbe, type Probe } from "../../client/probe.ts";
import type { Transport } from "../../transport/connection.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { SessionKey } from "../../wire/session-key.ts";
import type { HostSettings } from "./host-settings.ts";
import { endpointOf } from "./profile.ts";

/** Makes the connections of a host: clients that never redial, and probes. */
export interface Dialer {
  /** A client of a candidate, on a transport other than the candidate's own where one is given. May throw a MoorlineError. */
  createClient(candidateId: string, transport?: Transport): DaemonClient;
  /** A probe of a candidate, which dials at once. May throw a MoorlineError. */
  createProbe(candidateId: string, connection: number): Probe;
}

/** What a dialer is made from. */
export interface DialerParts {
  /** The options of the host. */
  readonly settings: HostSettings;
  /** The profile as it is now. */
  readonly profile: () => HostProfile;
  /** The key, which is there before anything is dialled. */
  readonly sessionKey: () => SessionKey;
  /** The owner of the channel. */
  readonly instance: ClientInstance;
  /** The lifecycle that clients are given. */
  readonly lifecycle: LifecycleSource;
}

/** Makes the dialer of a host. */
export function createDialer({ settings, profile, sessionKey, instance, lifecycle }: DialerParts): Dialer {
  const { clock, random, program, credentials, transport, onTransition, onError } = settings;
  const { routes, clientLimits, serverId } = settings;
  const shared = (candidateId: string) => ({
    endpoint: findEndpoint(profile(), candidateId),
    sessionKey: sessionKey(),
    client: program,
    expectedServerId: serverId,
    credential: credentials,
    path: Path.DIRECT,
    ...{ clock, random, onTransition, onError },
  });
  return {
    createClient: (candidateId, promoted = transport) =>
      createDaemonClient({
        ...shared(candidateId),
        ...(routes === undefined ? {} : { routes }),
        ...{ transport: promoted, limits: clientLimits, instance, lifecycle, redial: false },
      }),
    createProbe: (candidateId, connection) => {
      const { openTimeoutMs, answerTimeoutMs } = clientLimits;
      const limits = {
        ...(openTimeoutMs === undefined ? {} : { openTimeoutMs }),
        ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
      };
      return createProbe({ ...shared(candidateId), transport, limits, generation: connection });
    },
  };
}

function findEndpoint(profile: HostProfile, candidateId: string): string {
  const endpoint = endpointOf(profile, candidateId);
  if (endpoint === undefined) throw new MoorlineError("ENDPOINT_MALFORMED", "The candidate has no address.");
  return endpoint;
}
