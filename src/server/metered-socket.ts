import type { PacketSink } from "../channel/link.ts";
import type { Connection } from "../transport/connection.ts";
import type { SocketMeter } from "./heartbeat.ts";
import type { HeldBytes } from "./held-bytes.ts";

/** The sending side of a connection, which counts what goes through it. */
export class MeteredSocket implements PacketSink, SocketMeter {
  sentBytes = 0;
  private readonly connection: Connection;
  private readonly heldBytes: HeldBytes;
  private readonly total: { sentBytes: number };

  /** @param connection Where packets leave. @param heldBytes Hears of each. @param total That of all connections. */
  constructor(connection: Connection, heldBytes: HeldBytes, total: { sentBytes: number }) {
    this.connection = connection;
    this.heldBytes = heldBytes;
    this.total = total;
  }

  get bufferedBytes(): number {
    return this.connection.bufferedBytes;
  }

  send(packet: Uint8Array): void {
    this.sentBytes += packet.length;
    this.total.sentBytes += packet.length;
    this.heldBytes.note(packet.length);
    this.connection.send(packet);
  }
}
