import { fromBinary } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { CloseCode } from "../../../../gen/moorline/session/v1/close_code_pb.ts";
import { ServerHelloSchema, type Welcome } from "../../../../gen/moorline/session/v1/packet_pb.ts";
import { Channel } from "../../../../src/channel/channel.ts";
import { type Farewell, Link, type LinkOwner } from "../../../../src/channel/link.ts";
import { createChannelTransport } from "../../../../src/rpc/channel-transport.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../../../../src/transport/connection.ts";
import { EchoService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import type { DaemonStage } from "./daemon.ts";
import { encodeHello, type HelloInit, idOf } from "./hello.ts";

/** A client that makes calls: the least that a channel and a link need, over as many connections as a test wants. */
export class CallClient {
  readonly channel = new Channel({ role: "client" });
  readonly echo: Client<typeof EchoService>;
  readonly transport;
  private readonly stage: DaemonStage;
  private readonly id: number;
  private attempt = 0;
  private epoch: Uint8Array | undefined = undefined;

  /** @param id The byte of its channel id. */
  constructor(stage: DaemonStage, id = 1) {
    this.stage = stage;
    this.id = id;
    this.transport = createChannelTransport({ channel: this.channel, clock: stage.clock, random: { unit: () => 0.5 } });
    this.echo = createServiceClient(EchoService, this.transport);
  }

  /** Dials, says hello with what the client has, and attaches the channel where it is welcomed. */
  connect(init: HelloInit = {}): CallConnection {
    this.attempt += 1;
    const resume = this.epoch && {
      resume: { channelId: idOf(this.id), epoch: this.epoch, received: BigInt(this.channel.received) },
    };
    const hello = encodeHello({ attempt: BigInt(this.attempt), freshChannelId: idOf(this.id), ...resume, ...init });
    const connection = new CallConnection(this.stage, this.channel, hello, (welcome) => {
      this.epoch = welcome.server?.epoch;
    });
    this.stage.clock.advance(0);
    return connection;
  }
}

/** One connection of a {@link CallClient}. */
export class CallConnection implements ConnectionListener, LinkOwner {
  readonly connection: Connection;
  farewellCode: number | undefined = undefined;
  hint: Farewell["hint"];
  close: ConnectionClose | undefined = undefined;
  welcome: Welcome | undefined = undefined;
  private readonly channel: Channel;
  private readonly link: Link;
  private readonly encodedHello: Uint8Array;
  private readonly onWelcome: (welcome: Welcome) => void;

  constructor(stage: DaemonStage, channel: Channel, hello: Uint8Array, onWelcome: (welcome: Welcome) => void) {
    this.channel = channel;
    this.encodedHello = hello;
    this.onWelcome = onWelcome;
    this.connection = stage.pair.transport.dial("ws://localhost/", this);
    this.link = new Link({ role: "client", sink: this.connection, clock: stage.clock, owner: this });
  }

  /** Says why the client leaves. */
  goodbye(code: CloseCode): void {
    this.link.sendFarewell(code, "");
  }

  opened(): void {
    this.link.sendHello(this.encodedHello);
  }

  received(message: Uint8Array | string): void {
    this.link.receive(message);
  }

  drained(): void {
    this.link.drained();
  }

  closed(close: ConnectionClose): void {
    this.close = close;
    this.link.stop();
    this.channel.detach();
  }

  hello(bytes: Uint8Array): void {
    const { answer } = fromBinary(ServerHelloSchema, bytes);
    if (answer.case !== "welcome") return;
    this.welcome = answer.value;
    this.onWelcome(answer.value);
    this.channel.attach(Number(answer.value.attachment?.received ?? 0n));
    this.link.bind(this.channel);
  }

  farewell({ code, hint }: Farewell): void {
    this.farewellCode = code;
    this.hint = hint;
    this.link.stop();
  }

  pong(): void {}

  violated(): void {
    throw new Error("the server broke a rule");
  }
}
