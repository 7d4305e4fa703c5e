import { hostMachine } from "../../../src/machine/host.ts";
import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import type { HostRuntime } from "../../../src/runtime/host-runtime.ts";
import { SERVER_ID } from "../../unit/server/support/daemon.ts";

/** A host that is nowhere to be found. */
export const profile = createHostProfile({ serverId: SERVER_ID, candidates: [{ direct: "wss://daemon.example/" }] });

/** The name of the state that a runtime is in. */
export function hostPhaseName({ snapshot }: Pick<HostRuntime, "snapshot">): string {
  return hostMachine.stateName(snapshot.host);
}

/** Lets every promise settle that can. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
