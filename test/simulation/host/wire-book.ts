import { fromBinary } from "@bufbuild/protobuf";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { decodeServerPacket } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import {
  type ClientHello,
  Purpose,
  ServerHelloSchema,
  type Welcome,
} from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { SimulatedLink } from "../../../src/testing/index.ts";
import { readHello } from "../session/hello-book.ts";
import type { Judge } from "../session/judge.ts";
import type { CredentialUser, RenewalJudge } from "./renewal-judge.ts";
import { RetryBucket } from "./retry-bucket.ts";

/** `dialled`: nothing was said yet. `left`: the peer has said or shown that it is over. `closed`: by the client. */
export type WireStage = "dialled" | "probing" | "greeting" | "carrying" | "left" | "closed";

/** One connection of a tab, as its wire shows it. */
export interface WireConnection {
  readonly endpoint: string;
  /** What carries it, as soon as it is dialled. */
  link: SimulatedLink | undefined;
  stage: WireStage;
  /** The token that it has shown for the session. Empty: none. */
  token: string;
  /** `renewal`: another one carries the channel on the same way, with another token. */
  purpose: "path" | "renewal";
  /** What its credential is judged by. */
  readonly credential: CredentialUser;
}

/** What a {@link WireBook} asks of its tab. */
export interface WireOwner {
  readonly name: string;
  readonly judge: Judge;
  readonly clock: Clock;
  readonly renewals: RenewalJudge;
  /** Whether the tab is online over a connection that the server has not given away. */
  isCarried(): boolean;
  /** The next connection says hello for the session while another one carries it: a switch. */
  switching(connection: WireConnection): void;
}

/** A hello comes a little later than its attempt was taken: credentials are asked for, the connection is opened. */
const SLACK_ATTEMPTS = 5;
/** What says that a connection ends is small. */
const SMALL_BYTES = 400;

/** Every connection of a tab, by what goes over the wire: independent of what its runtime says. */
export class WireBook {
  private readonly owner: WireOwner;
  private readonly connections = new Set<WireConnection>();
  private readonly bucket = new RetryBucket(SLACK_ATTEMPTS);
  private lastAttempt = 0n;
  private favours = 0;

  constructor(owner: WireOwner) {
    this.owner = owner;
  }

  /** A person asks for a connection at once: one attempt need not wait. */
  asked(): void {
    this.favours += 1;
  }

  /** The tab dials. */
  dialled(endpoint: string): WireConnection {
    const isHeld = (): boolean => connection.stage === "carrying" && this.owner.isCarried();
    const connection: WireConnection = {
      ...{ endpoint, link: undefined, stage: "dialled", token: "", purpose: "path" },
      credential: { isHeld },
    };
    this.connections.add(connection);
    return connection;
  }

  /** The tab sends something. */
  sent(connection: WireConnection, packet: Uint8Array): void {
    if (connection.stage !== "dialled" && connection.stage !== "probing") return;
    const hello = readHello(packet);
    if (hello === undefined) return;
    const { judge, name } = this.owner;
    judge.claim(hello.sessionKey !== "", () => `${name} says hello without a session key`);
    if (hello.purpose === Purpose.PROBE) {
      connection.stage = "probing";
      judge.claim(
        hello.attempt === 0n,
        () => `probes change nothing: ${name} takes attempt ${hello.attempt} for a probe`,
      );
      return;
    }
    connection.stage = "greeting";
    connection.token = tokenOf(hello);
    const carrying = this.carrying();
    const present = carrying.find(({ endpoint }) => endpoint === connection.endpoint);
    if (present !== undefined && present.token !== connection.token) connection.purpose = "renewal";
    if (carrying.length > 0) this.owner.switching(connection);
    judge.facts.count("hellos");
    judge.claim(
      hello.attempt > this.lastAttempt,
      () => `${name} says hello ${hello.attempt} after ${this.lastAttempt}`,
    );
    this.lastAttempt = hello.attempt;
    this.spend();
  }

  /** Something has come. */
  received(connection: WireConnection, message: Uint8Array | string): void {
    const { stage } = connection;
    if (typeof message === "string" || (stage !== "greeting" && stage !== "carrying")) return;
    if (stage === "carrying" && message.length > SMALL_BYTES) return;
    const { body } = decodeServerPacket(message);
    if (body.case === "goAway") this.wentAway(connection, body.value.code);
    if (body.case !== "hello" || stage !== "greeting") return;
    const { answer } = fromBinary(ServerHelloSchema, body.value);
    if (answer.case === "welcome" && answer.value.attachment !== undefined) this.welcomed(connection, answer.value);
  }

  /** The connection is over. */
  closed(connection: WireConnection): void {
    this.connections.delete(connection);
    if (connection.stage !== "closed") connection.stage = "left";
  }

  /** The tab closes a connection. */
  closing(connection: WireConnection): void {
    const { stage } = connection;
    connection.stage = "closed";
    if (stage !== "carrying") return;
    const { owner } = this;
    const isOther = this.carrying().length > 0;
    // make before break: unless it is over for the tab as well, which its state says by the end of the instant.
    owner.clock.defer(() => {
      owner.judge.claim(isOther || !owner.isCarried(), () => {
        return `make before break: ${owner.name} has closed ${connection.endpoint} before another connection was there`;
      });
    });
  }

  /** at most one active client: looked at now and then, when no switch is at its very end. */
  judgeOne(): void {
    const carrying = this.carrying();
    this.owner.judge.claim(carrying.length <= 1, () => {
      return `at most one active client: ${this.owner.name} has ${carrying.map(({ endpoint }) => endpoint).join(" and ")}`;
    });
  }

  /** memory bounded: connections that are not over. */
  get size(): number {
    return this.connections.size;
  }

  private welcomed(connection: WireConnection, { credentialExpiresInMs }: Welcome): void {
    const { renewals } = this.owner;
    connection.stage = "carrying";
    if (connection.purpose === "renewal") renewals.renewed();
    const leftMs = credentialExpiresInMs === undefined ? undefined : Number(credentialExpiresInMs);
    renewals.welcomed(connection.credential, leftMs);
  }

  private wentAway(connection: WireConnection, code: number): void {
    if (connection.stage === "carrying" && code === CloseCode.CREDENTIAL_EXPIRED) {
      this.owner.renewals.expired(connection.credential);
    }
    connection.stage = "left";
  }

  private carrying(): WireConnection[] {
    return [...this.connections].filter(({ stage }) => stage === "carrying");
  }

  private spend(): void {
    const { judge, name, clock } = this.owner;
    const isFree = this.favours > 0;
    const isThere = this.bucket.take(clock.now(), isFree);
    if (!isThere) this.favours -= 1;
    judge.claim(isThere || isFree, () => `retry budget: ${name} has said hello more than 20 + t / 3 s times`);
  }
}

function tokenOf({ credential }: ClientHello): string {
  return credential.case === "bearerToken" ? credential.value : "";
}
