import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { decodeServerPacket, encodeClientPacket } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import {
  ClientHelloSchema,
  Purpose,
  ServerHelloSchema,
  type Welcome,
} from "../../../gen/moorline/session/v1/packet_pb.ts";
import { idToKey } from "../../../src/server/hashes.ts";
import type { Connection } from "../../../src/transport/connection.ts";
import { protocolRange } from "../../../src/wire/protocol.ts";
import type { SessionKey } from "../../../src/wire/session-key.ts";
import { sessionRefOf } from "../../../src/wire/session-ref.ts";
import { Process } from "./process.ts";
import type { Scene } from "./scene.ts";

const PADDING = new Uint8Array(2_000).fill(7);
const LIVES_MS = 20_000;
const INSTANCE_ID = "0123456789ABCDEFGHIJKL";

/** How a prober is called. */
const PREFIX = "prober-";

/** Whether a program is a prober: one that was promoted says that its channel is done. */
export function isProber(program: string): boolean {
  return program.startsWith(PREFIX);
}

/**
 * Measures a path as a client would that has no session there: hello, some pings, and away; or stays until it is sent away;
 * or is promoted.
 * @param key Of a session that may be there or not. A probe makes none.
 */
export function startProbe(scene: Scene, endpoint: string, key: SessionKey, isPromoted: boolean, number: number): void {
  const process = new Process(scene.network.host(`${PREFIX}${number}`));
  const prober = new Prober(scene, process, key, isPromoted);
  prober.connection = process.host.transport.dial(endpoint, prober);
  process.host.clock.setTimer(LIVES_MS * scene.random.unit(), () => process.host.crash(scene.random.chance(0.5)));
}

class Prober {
  connection: Connection | undefined = undefined;
  private readonly scene: Scene;
  private readonly process: Process;
  private readonly key: SessionKey;
  private readonly isPromoted: boolean;
  private readonly token: string;
  private readonly freshId: Uint8Array;
  private pings = 0;

  constructor(scene: Scene, process: Process, key: SessionKey, isPromoted: boolean) {
    this.scene = scene;
    this.process = process;
    this.key = key;
    this.isPromoted = isPromoted;
    this.token = scene.credentials.issue(process.name);
    this.freshId = scene.random.bytes(16);
  }

  opened(): void {
    this.sayHello(Purpose.PROBE);
  }

  received(message: Uint8Array | string): void {
    if (typeof message === "string") return;
    const { body } = decodeServerPacket(message);
    if (body.case === "hello") this.welcomed(body.value);
    if (body.case === "ping") this.send({ case: "pong", value: body.value });
    if (body.case === "pong") this.ponged(body.value.id, body.value.padding);
  }

  drained(): void {}

  closed(): void {
    this.process.host.crash();
  }

  private welcomed(bytes: Uint8Array): void {
    const { judge } = this.scene;
    const { answer } = fromBinary(ServerHelloSchema, bytes);
    if (answer.case !== "welcome") return;
    if (this.pings > 0) {
      this.promoted(answer.value);
      return;
    }
    judge.facts.count("probes welcomed");
    const { sessionRef, attachment, lifetimes } = answer.value;
    const isBare = sessionRef === "" && attachment === undefined && lifetimes === undefined;
    judge.claim(isBare, () => "a probe was told of a session");
    this.ping();
  }

  private ponged(id: number, padding: Uint8Array): void {
    const { judge } = this.scene;
    judge.claim(id === this.pings && padding.length === PADDING.length, () => `ping ${this.pings} got pong ${id}`);
    if (this.pings < 3) this.ping();
    else if (this.isPromoted) this.sayHello(Purpose.SESSION);
  }

  /** The connection that has just proved itself has a channel now. */
  private promoted({ attachment }: Welcome): void {
    const { judge } = this.scene;
    judge.facts.count("probes promoted");
    const isFresh = attachment !== undefined && idToKey(attachment.channelId) === idToKey(this.freshId);
    judge.claim(isFresh, () => "a probe that was promoted got another channel");
    this.send({ case: "goodbye", value: { code: CloseCode.CHANNEL_DONE, message: "", unknown: undefined } });
    this.connection?.close(CloseCode.CHANNEL_DONE, "");
  }

  private sayHello(purpose: Purpose): void {
    const { credentials, hellos } = this.scene;
    const hello = create(ClientHelloSchema, {
      protocol: protocolRange,
      sessionKey: this.key,
      purpose,
      client: { name: "prober", version: "1.0.0", instanceId: INSTANCE_ID },
      credential: credentials.areNeeded ? { case: "bearerToken", value: this.token } : { case: undefined },
      attempt: 1n,
      freshChannelId: this.freshId,
    });
    hellos.said(this.process.name, hello, undefined);
    this.send({ case: "hello", value: toBinary(ClientHelloSchema, hello) });
  }

  private ping(): void {
    this.pings += 1;
    this.send({ case: "ping", value: { id: this.pings, padding: PADDING, unknown: undefined } });
  }

  private send(body: Parameters<typeof encodeClientPacket>[0]["body"]): void {
    this.connection?.send(encodeClientPacket({ received: 0, body, unknown: undefined }));
  }
}

/** What stands in logs for a key that only probes have used: no session of it may be there. */
export function judgeUnusedKey({ judge, channels }: Scene, key: SessionKey): void {
  const ref = sessionRefOf(key);
  judge.claim(!channels.hasSession(ref), () => `a probe has made the session ${ref}`);
}
