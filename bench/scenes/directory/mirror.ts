import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { WatchAgentsResponse } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { OwnedAgentDirectory } from "../../../src/runtime/mirror/agent-directory.ts";
import { createAgentDirectory } from "../../../src/runtime/mirror/create-agent-directory.ts";
import { Mirror } from "../../../src/runtime/mirror/mirror.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";

/** Whoever gives clients of services. */
export interface ServiceSource {
  service<T extends DescService>(desc: T): Client<T>;
}

/** The directory that a client of Moorline has: the mirror with its machine, without a storage. */
export function openDirectory(client: ServiceSource): OwnedAgentDirectory {
  return createAgentDirectory({
    service: (desc) => client.service(desc),
    clock: systemClock,
    random: systemRandom,
    peer: () => ({ serverId: "", sessionRef: "" }),
    onError: (error) => {
      throw error;
    },
  });
}

/** The copy of a directory alone, for whoever reads the watch: checked with the digest of each mark. */
export class DirectoryMirror {
  private readonly mirror = new Mirror<Agent>(() => false, { changed() {}, replaced() {} });

  /** Takes a piece of a watch. @throws Error where a mark says that the copy is none. */
  apply({ event }: WatchAgentsResponse): void {
    const { mirror } = this;
    if (event.case === "snapshotBegan") mirror.begin(event.value.epoch, "shown");
    else if (event.case === "agentsChanged") {
      for (const { agent, revision } of event.value.upserted)
        if (agent !== undefined) mirror.upsert(agent.id, agent, Number(revision));
      for (const id of event.value.removedIds) mirror.remove(id);
    } else if (event.case === "mark" && event.value.digest !== undefined) {
      if (!mirror.agrees(event.value.digest)) throw new Error("the mirror is not what the daemon has");
    }
  }
}
