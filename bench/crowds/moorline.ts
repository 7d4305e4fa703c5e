import { randomBytes } from "node:crypto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createSessionKey } from "moorline";
import type { WebSocket } from "ws";
import { decodeServerPacket, encodeClientPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import {
  ClientHelloSchema,
  Path,
  Purpose,
  Resumption,
  ServerHelloSchema,
} from "../../gen/moorline/session/v1/packet_pb.ts";
import { WebSocketMember } from "./web-socket.ts";

type Resume = NonNullable<MessageInitShape<typeof ClientHelloSchema>["resume"]>;

/** A session with its channel: as little of a client as can resume it and answer pings. */
export class MoorlineMember extends WebSocketMember {
  private readonly sessionKey = createSessionKey();
  private readonly freshChannelId = randomBytes(16);
  private attempt = 0n;
  private resume: Resume | undefined = undefined;

  /** @param port Where the server listens. */
  constructor(port: number) {
    super(`ws://127.0.0.1:${port}`, ["moorline.session.v1"]);
  }

  protected override opened(socket: WebSocket): void {
    this.attempt += 1n;
    const hello = create(ClientHelloSchema, {
      protocol: { min: 1, max: 1 },
      sessionKey: this.sessionKey,
      purpose: Purpose.SESSION,
      client: { name: "bench", version: "1.0.0", instanceId: "one-of-the-crowd" },
      path: Path.DIRECT,
      attempt: this.attempt,
      freshChannelId: this.freshChannelId,
      ...(this.resume !== undefined && { resume: this.resume }),
    });
    socket.send(
      encodeClientPacket({ received: 0, body: { case: "hello", value: toBinary(ClientHelloSchema, hello) } }),
    );
  }

  protected override received(data: Buffer, socket: WebSocket, done: () => void): void {
    const { body } = decodeServerPacket(data);
    if (body.case === "hello") this.welcomed(body.value, done);
    else if (body.case === "ping")
      socket.send(encodeClientPacket({ received: 0, body: { case: "pong", value: body.value } }));
  }

  private welcomed(bytes: Uint8Array, done: () => void): void {
    const { answer } = fromBinary(ServerHelloSchema, bytes);
    if (answer.case !== "welcome") throw new Error(`the server refuses the crowd: ${answer.value?.message}`);
    const { server, attachment } = answer.value;
    if (this.resume !== undefined && attachment?.resumption !== Resumption.RESUMED)
      throw new Error("nothing was resumed");
    if (server === undefined || attachment === undefined) throw new Error("the Welcome is incomplete");
    this.resume = { channelId: attachment.channelId, epoch: server.epoch, received: 0n };
    done();
  }
}
