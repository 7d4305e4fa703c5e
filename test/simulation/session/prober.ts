import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { decodeServerPacket, encodeClientPacket } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { ClientHelloSchema, Purpose, ServerHelloSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { Connection } from "../../../src/transport/connection.ts";
import { bytesToBase64url } from "../../../src/wire/base64url.ts";
import { protocolRange } from "../../../src/wire/protocol.ts";
import type { SessionKey } from "../../../src/wire/session-key.ts";
import { sessionRefOf } from "../../../src/wire/session-ref.ts";
import { Process } from "./process.ts";
import type { Scene } from "./scene.ts";

const PADDING = new Uint8Array(2_000).fill(7);
const LIVES_MS = 20_000;

/**
 * Measures a path as a client would that has no session there: hello, some pings, and away; or stays until it is sent away.
 * @param key Of a session that may be there or not. A probe makes none.
 */
export function startProbe(scene: Scene, endpoint: string, key: SessionKey, number: number): void {
  const process = new Process(scene.network.host(`prober-${number}`));
  const prober = new Prober(scene, process, key);
  prober.connection = process.host.transport.dial(endpoint, prober);
  process.host.clock.setTimer(LIVES_MS * scene.random.unit(), () => process.host.crash(scene.random.chance(0.5)));
}

class Prober {
  connection: Connection | undefined = undefined;
  private readonly scene: Scene;
  private readonly process: Process;
  private readonly key: SessionKey;
  private pings = 0;

  constructor(scene: Scene, process: Process, key: SessionKey) {
    this.scene = scene;
    this.process = process;
    this.key = key;
  }

  opened(): void {
    const { credentials, random } = this.scene;
    const hello = create(ClientHelloSchema, {
      protocol: protocolRange,
      sessionKey: this.key,
      purpose: Purpose.PROBE,
      client: { name: "prober", version: "1.0.0", instanceId: bytesToBase64url(random.bytes(16)) },
      credential: credentials.areNeeded
        ? { case: "bearerToken", value: credentials.issue(this.process.name) }
        : { case: undefined },
    });
    this.send({ case: "hello", value: toBinary(ClientHelloSchema, hello) });
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
