import type { PacketTap } from "../faults/fault-connection.ts";
import { type PacketSummary, summarizePacket } from "./summarize-packet.ts";

/** A packet, and when it went or came, in milliseconds since 1970. */
export interface LoggedPacket extends PacketSummary {
  readonly atMs: number;
}

/** Keeps summaries of the last packets. */
export interface PacketLog {
  /** Takes a packet. */
  readonly tap: PacketTap;
  /** The packets that were kept, the oldest first. */
  readonly list: () => readonly LoggedPacket[];
}

const MAX_PACKETS = 2_000;

/** Makes an empty log of packets; it keeps 2,000. @param wallNow The time, in milliseconds since 1970. */
export function createPacketLog(wallNow: () => number): PacketLog {
  let packets: LoggedPacket[] = [];
  return {
    tap(direction, packet) {
      packets.push({ atMs: wallNow(), ...summarizePacket(direction, packet) });
      if (packets.length > MAX_PACKETS * 1.25) packets = packets.slice(-MAX_PACKETS);
    },
    list: () => packets.slice(-MAX_PACKETS),
  };
}
