import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ClientPacketBody,
  decodeServerPacket,
  encodeClientPacket,
  type Frame,
  type ServerPacket,
} from "../../../../gen/moorline/session/v1/packet_moorline.ts";
import {
  type Attachment,
  ClientHelloSchema,
  ServerHelloSchema,
  type Welcome,
} from "../../../../gen/moorline/session/v1/packet_pb.ts";
import type { Rejection } from "../../../../gen/moorline/session/v1/rejection_pb.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../../../../src/transport/connection.ts";
import { nameOfCode } from "../../../../src/wire/verdict.ts";
import { type HelloInit, helloOf } from "./hello.ts";

/** A client that says whatever a test wants, packet by packet. */
export class RawClient implements ConnectionListener {
  connection: Connection | undefined = undefined;
  readonly packets: ServerPacket[] = [];
  /** How the connection ended. */
  close: ConnectionClose | undefined = undefined;

  opened(): void {}

  received(message: Uint8Array | string): void {
    this.packets.push(decodeServerPacket(message as Uint8Array));
  }

  drained(): void {}

  closed(close: ConnectionClose): void {
    this.close = close;
  }

  /** Sends a hello. */
  hello(init?: HelloInit): void {
    this.say({ case: "hello", value: toBinary(ClientHelloSchema, helloOf(init)) });
  }

  /** Sends a packet. */
  say(body: ClientPacketBody, received = 0): void {
    this.sayBytes(encodeClientPacket({ received, body, unknown: undefined }));
  }

  /** Sends frames. */
  sayFrames(first: number, ...frames: Frame[]): void {
    this.say({ case: "frames", value: { first, frames, unknown: undefined } });
  }

  /** Sends bytes. */
  sayBytes(bytes: Uint8Array): void {
    this.connection?.send(bytes);
  }

  /** The answers to hellos, in order. */
  get answers(): Array<Welcome | Rejection | undefined> {
    return this.packets.flatMap(({ body }) =>
      body.case === "hello" ? [fromBinary(ServerHelloSchema, body.value).answer.value] : [],
    );
  }

  /** The last answer to a hello, which has to be a Welcome. */
  get welcome(): Welcome {
    const answer = this.answers.at(-1);
    if (answer?.$typeName === "moorline.session.v1.Welcome") return answer;
    throw new Error(`no welcome, but ${JSON.stringify(answer)} and ${JSON.stringify(this.close)}`);
  }

  /** The last answer to a hello, which has to be a rejection. */
  get rejection(): Rejection {
    const answer = this.answers.at(-1);
    if (answer?.$typeName === "moorline.session.v1.Rejection") return answer;
    throw new Error("no rejection");
  }

  /** The attachment of the welcome. */
  get attachment(): Attachment {
    return this.welcome.attachment as Attachment;
  }

  /** By what the connection ended: the code of the last packet, which the close has to have too. */
  get farewell(): string {
    const { body } = this.packets.at(-1) ?? { body: { case: undefined } };
    const code =
      body.case === "goAway" ? body.value.code : body.case === "hello" ? this.rejection.code : "no last packet";
    if (this.close?.code !== code) throw new Error(`packet ${code}, close ${JSON.stringify(this.close)}`);
    return nameOfCode(Number(code)) ?? `${code}`;
  }

  /** Why the channel was lost, as the last packet says. */
  get channelLoss(): number | undefined {
    const body = this.packets.at(-1)?.body;
    return body?.case === "goAway" ? body.value.channelLoss : undefined;
  }

  /** Whether the connection lives. */
  get isOpen(): boolean {
    return this.close === undefined;
  }
}
