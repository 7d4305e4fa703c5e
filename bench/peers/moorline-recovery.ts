import {
  type Connection,
  type ConnectionListener,
  createDaemonClient,
  createSessionKey,
  type Transport,
} from "moorline";
import { createWsTransport } from "moorline/node";
import { decodeServerPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { BenchService } from "../gen/moorbench/v1/bench_pb.ts";
import { openChat } from "./connect-client.ts";
import { payloadOf } from "./peer.ts";

const WARM_UP = 5;

/**
 * Cuts a connection just as it brings a message, and lets the client recover. The message is lost to the client, and not
 * acknowledged, so that it has to be sent again. @returns Microseconds from the dialling of the retry to that message.
 */
export async function recover(port: number): Promise<number> {
  const tap = new TappedTransport();
  const client = createDaemonClient({
    endpoint: `ws://127.0.0.1:${port}`,
    client: { name: "bench", version: "1.0.0" },
    sessionKey: createSessionKey(),
    transport: tap,
    onTransition: () => {},
  });
  const exchange = await openChat(client.service(BenchService));
  const payload = payloadOf(64);
  for (let i = 0; i < WARM_UP; i += 1) await exchange(payload);
  const recovered = tap.cutAtNextFrames();
  await exchange(payload);
  client.dispose();
  return recovered;
}

/** A transport that knows when it dialled last and when frames came first, and can cut. */
class TappedTransport implements Transport {
  readonly name = "tapped";
  private readonly inner = createWsTransport();
  private connection: Connection | undefined = undefined;
  private dialedAtMs = 0;
  private phase: "through" | "cutting" | "timing" = "through";
  private recovered: (micros: number) => void = () => {};

  /** Drops the next packet of frames and its connection. @returns Microseconds from the next dialling to the next frames. */
  cutAtNextFrames(): Promise<number> {
    this.phase = "cutting";
    return new Promise((resolve) => {
      this.recovered = resolve;
    });
  }

  dial(endpoint: string, listener: ConnectionListener): Connection {
    this.dialedAtMs = performance.now();
    this.connection = this.inner.dial(endpoint, {
      opened: () => listener.opened(),
      received: (message) => this.hear(message) && listener.received(message),
      drained: () => listener.drained(),
      closed: (close) => listener.closed(close),
    });
    return this.connection;
  }

  /** @returns Whether the message gets through. */
  private hear(message: Uint8Array | string): boolean {
    const nowMs = performance.now();
    if (this.phase === "through" || typeof message === "string") return true;
    if (decodeServerPacket(message).body.case !== "frames") return true;
    if (this.phase === "timing") {
      this.phase = "through";
      this.recovered((nowMs - this.dialedAtMs) * 1000);
      return true;
    }
    this.phase = "timing";
    this.connection?.abort();
    return false;
  }
}
