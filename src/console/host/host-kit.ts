import { createWebSocketTransport, systemClock } from "../../client/index.ts";
import { createFaultTransport, type FaultTransport } from "../faults/fault-transport.ts";
import { createPacketLog, type PacketLog } from "../log/packet-log.ts";
import { createTransitionJournal, type TransitionJournal } from "../log/transition-journal.ts";

/** What the console has of its own for each host: what it watches by, and what it breaks. */
export interface HostKit {
  readonly journal: TransitionJournal;
  readonly packets: PacketLog;
  /** Between the runtime and the WebSockets of the page. */
  readonly faults: FaultTransport;
}

/** Makes the kit of a host. */
export function createHostKit(): HostKit {
  const packets = createPacketLog(() => systemClock.wallNow());
  const faults = createFaultTransport({
    inner: createWebSocketTransport(),
    clock: systemClock,
    onPacket: packets.tap,
  });
  return { journal: createTransitionJournal(), packets, faults };
}
