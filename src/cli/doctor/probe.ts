import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type ClientPacketBody,
  decodeServerPacket,
  encodeClientPacket,
  type Pong,
} from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { ClientHelloSchema, type ServerHello, ServerHelloSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { Connection, ConnectionClose, ConnectionListener, Transport } from "../../transport/connection.ts";

/** What a probe hears. */
export type Heard =
  | { readonly kind: "answer"; readonly answer: ServerHello["answer"] }
  | { readonly kind: "pong"; readonly pong: Pong }
  /** The daemon leaves, with a code. */
  | { readonly kind: "left"; readonly code: number; readonly message: string }
  | { readonly kind: "closed"; readonly close: ConnectionClose }
  /** Something came that is no packet. */
  | { readonly kind: "broken"; readonly message: string };

/** A connection that says hello as soon as it is open, and pings. Spec: PROBE. */
export class Probe implements ConnectionListener {
  private readonly connection: Connection;
  private readonly hello: Uint8Array;
  private readonly heard: Heard[] = [];
  private waiting: ((heard: Heard) => void) | undefined = undefined;

  /** Dials. @param hello With the purpose of a probe. */
  constructor(transport: Transport, endpoint: string, hello: MessageInitShape<typeof ClientHelloSchema>) {
    this.hello = toBinary(ClientHelloSchema, create(ClientHelloSchema, hello));
    this.connection = transport.dial(endpoint, this);
  }

  /** What comes next. One at a time may wait. */
  next(): Promise<Heard> {
    const heard = this.heard.shift();
    if (heard !== undefined) return Promise.resolve(heard);
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  /** Sends a ping. */
  ping(id: number, padding: Uint8Array): void {
    this.say({ case: "ping", value: { id, padding, unknown: undefined } });
  }

  /** Says goodbye with a code, and closes. */
  leave(code: number): void {
    this.say({ case: "goodbye", value: { code, message: "", unknown: undefined } });
    this.connection.close(code, "");
  }

  /** Ends it at once. */
  abort(): void {
    this.connection.abort();
  }

  opened(): void {
    this.say({ case: "hello", value: this.hello });
  }

  received(message: Uint8Array | string): void {
    const heard = typeof message === "string" ? brokenBy("a text message came") : read(message);
    if (heard !== undefined) this.hear(heard);
  }

  drained(): void {}

  closed(close: ConnectionClose): void {
    this.hear({ kind: "closed", close });
  }

  private say(body: ClientPacketBody): void {
    this.connection.send(encodeClientPacket({ received: 0, body, unknown: undefined }));
  }

  private hear(heard: Heard): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.heard.push(heard);
    else waiting(heard);
  }
}

/** Undefined for what a probe need not hear. */
function read(message: Uint8Array): Heard | undefined {
  try {
    const { body } = decodeServerPacket(message);
    switch (body.case) {
      case "hello":
        return { kind: "answer", answer: fromBinary(ServerHelloSchema, body.value).answer };
      case "pong":
        return { kind: "pong", pong: body.value };
      case "goAway":
        return { kind: "left", code: body.value.code, message: body.value.message };
      default:
        return undefined;
    }
  } catch {
    return brokenBy("a message came that is no packet");
  }
}

function brokenBy(message: string): Heard {
  return { kind: "broken", message };
}
