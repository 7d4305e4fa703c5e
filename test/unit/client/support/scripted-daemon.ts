import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { CloseCode } from "../../../../gen/moorline/session/v1/close_code_pb.ts";
import {
  type ClientPacket,
  createServerPacket,
  decodeClientPacket,
  encodeServerPacket,
  type ReconnectHint,
  type ServerPacketBody,
} from "../../../../gen/moorline/session/v1/packet_moorline.ts";
import {
  type ClientHello,
  ClientHelloSchema,
  ResumeRefusal,
  Resumption,
  ServerHelloSchema,
  type WelcomeSchema,
} from "../../../../gen/moorline/session/v1/packet_pb.ts";
import type { RejectionSchema } from "../../../../gen/moorline/session/v1/rejection_pb.ts";
import { Channel } from "../../../../src/channel/channel.ts";
import { type Farewell, Link, type LinkOwner } from "../../../../src/channel/link.ts";
import type { Clock } from "../../../../src/core/clock.ts";
import type { Routes } from "../../../../src/rpc/route-table.ts";
import { serveChannel } from "../../../../src/rpc/serve-channel.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../../../../src/transport/connection.ts";
import { bytesToBase64url } from "../../../../src/wire/base64url.ts";

/** The parts of a Welcome that a test wants otherwise. */
export type WelcomeInit = MessageInitShape<typeof WelcomeSchema>;

/** A server id of the right form. */
export const SERVER_ID = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0";

/** A daemon that does what a test says; by default it welcomes, resumes and serves. */
export class ScriptedDaemon {
  /** Every connection that was accepted, the oldest first. */
  readonly connections: ScriptedConnection[] = [];
  /** What is done with a hello. Default: it is welcomed. */
  onHello: (connection: ScriptedConnection, hello: ClientHello) => void = (connection) => connection.welcome();
  /** Its process. A new one is a restart: channels are gone. */
  epoch: Uint8Array = new Uint8Array(16).fill(1);
  readonly clock: Clock;
  private readonly routes: Routes;
  private channels = new Map<string, Channel>();

  constructor(clock: Clock, routes: Routes = () => {}) {
    this.clock = clock;
    this.routes = routes;
  }

  /** The last connection. */
  get connection(): ScriptedConnection {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error("nobody has dialled");
    return last;
  }

  /** The hellos so far. */
  get hellos(): readonly ClientHello[] {
    return this.connections.flatMap(({ hello }) => (hello === undefined ? [] : [hello]));
  }

  /** Takes a connection. */
  accept(connection: Connection): ConnectionListener {
    const scripted = new ScriptedConnection(this, connection);
    this.connections.push(scripted);
    return scripted;
  }

  /** Forgets all channels, as a new process. */
  restart(): void {
    this.epoch = this.epoch.map((byte) => byte + 1);
    this.channels = new Map();
  }

  /** The channel that a hello gets, as a Welcome says it. */
  attach(hello: ClientHello): {
    readonly channel: Channel;
    readonly attachment: NonNullable<WelcomeInit["attachment"]>;
  } {
    const { resume, freshChannelId } = hello;
    const resumed = resume && this.channels.get(bytesToBase64url(resume.channelId));
    if (resume !== undefined && resumed !== undefined) {
      const attachment = {
        channelId: resume.channelId,
        resumption: Resumption.RESUMED,
        received: BigInt(resumed.received),
      };
      return { channel: resumed, attachment };
    }
    const known = this.channels.get(bytesToBase64url(freshChannelId));
    const channel = known ?? this.createChannel(freshChannelId);
    const resumption = this.connections.length === 1 ? Resumption.NEW_SESSION : Resumption.REATTACHED;
    const refusal = resume === undefined ? ResumeRefusal.UNSPECIFIED : ResumeRefusal.EPOCH_CHANGED;
    return {
      channel,
      attachment: { channelId: freshChannelId, resumption, refusal, received: BigInt(channel.received) },
    };
  }

  private createChannel(id: Uint8Array): Channel {
    const channel = new Channel({ role: "server" });
    serveChannel(channel, this.routes, { clock: this.clock });
    this.channels.set(bytesToBase64url(id), channel);
    return channel;
  }
}

/** The daemon's end of one connection. */
export class ScriptedConnection implements ConnectionListener {
  /** What came, in order. */
  readonly packets: ClientPacket[] = [];
  /** The hello that came. */
  hello: ClientHello | undefined = undefined;
  /** The goodbye that came. */
  goodbye: Farewell | undefined = undefined;
  /** How it ended. */
  close: ConnectionClose | undefined = undefined;
  readonly link: Link;
  readonly connection: Connection;
  private readonly daemon: ScriptedDaemon;
  /** Whether what comes is answered: frames, pings. */
  private mode: "answering" | "deaf" = "answering";

  constructor(daemon: ScriptedDaemon, connection: Connection) {
    this.daemon = daemon;
    this.connection = connection;
    this.link = new Link({ role: "server", sink: connection, clock: daemon.clock, owner: this.createOwner() });
  }

  /** The kinds of packets that came. */
  get kinds(): string[] {
    return this.packets.map(({ body }) => body.case ?? "none");
  }

  /** The channel that it carries. */
  get channel(): Channel | undefined {
    return this.link.channel;
  }

  /** From now on nothing that comes is answered, as on a half-open connection. */
  goDeaf(): void {
    this.mode = "deaf";
    this.link.channel?.detach();
    this.link.stop();
  }

  /** Accepts the hello and attaches the channel that it names. */
  welcome(init: WelcomeInit = {}): void {
    const { hello } = this;
    if (hello === undefined) throw new Error("no hello came");
    const { channel, attachment } = this.daemon.attach(hello);
    const server = { serverId: SERVER_ID, name: "scripted", version: "1", epoch: this.daemon.epoch };
    const sent = { protocol: 1, server, sessionRef: "0123456789abcdef", attachment, ...init } as WelcomeInit;
    this.answer({ case: "welcome", value: sent });
    if (init.attachment !== undefined) return;
    const isResumed = attachment.resumption === Resumption.RESUMED;
    channel.attach(isResumed ? Number(hello.resume?.received) : 0);
    this.link.bind(channel);
  }

  /** Accepts the hello of a probe: no session, no channel. */
  welcomeProbe(init: WelcomeInit = {}): void {
    const server = { serverId: SERVER_ID, name: "scripted", version: "1", epoch: this.daemon.epoch };
    this.link.open();
    this.answer({ case: "welcome", value: { protocol: 1, server, ...init } as WelcomeInit });
  }

  /** Refuses the hello. */
  reject(code: CloseCode, init: MessageInitShape<typeof RejectionSchema> = {}): void {
    this.answer({ case: "rejection", value: { code, message: "refused by the script", ...init } });
    this.connection.close(code, "");
  }

  /** Answers the hello with whatever a test says. */
  answer(answer: MessageInitShape<typeof ServerHelloSchema>["answer"]): void {
    const value = toBinary(ServerHelloSchema, create(ServerHelloSchema, answer === undefined ? {} : { answer }));
    this.send({ case: "hello", value });
  }

  /** Says go_away and closes. */
  goAway(code: CloseCode, message = "told to go by the script", hint?: ReconnectHint, channelLoss = 0): void {
    this.send({ case: "goAway", value: { code, message, hint, channelLoss } });
    this.connection.close(code, "");
  }

  /** Sends a ping of the daemon. */
  ping(id: number): void {
    this.send({ case: "ping", value: { id, padding: new Uint8Array(0) } });
  }

  /** Sends a packet. */
  send(body: ServerPacketBody, received = 0): void {
    this.connection.send(
      encodeServerPacket(createServerPacket({ body, received: Math.max(received, this.channel?.received ?? 0) })),
    );
  }

  opened(): void {}

  received(message: Uint8Array | string): void {
    if (typeof message === "string") throw new Error("a text message came");
    this.packets.push(decodeClientPacket(message));
    if (this.mode === "answering") this.link.receive(message);
  }

  drained(): void {
    this.link.drained();
  }

  closed(close: ConnectionClose): void {
    this.close = close;
    this.channel?.detach();
    this.link.stop();
  }

  private createOwner(): LinkOwner {
    return {
      hello: (bytes) => {
        this.hello = fromBinary(ClientHelloSchema, bytes);
        this.daemon.onHello(this, this.hello);
      },
      farewell: (farewell) => {
        this.goodbye = farewell;
      },
      pong: () => {},
      violated: (code, { message }) => {
        throw new Error(`the client broke a rule: ${code} ${message}`);
      },
    };
  }
}
