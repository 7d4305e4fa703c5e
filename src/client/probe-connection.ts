import type { ProbeEvent } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Violation } from "../channel/accept.ts";
import { type Farewell, Link, type LinkOwner } from "../channel/link.ts";
import type { Connection, ConnectionClose, ConnectionListener } from "../transport/connection.ts";
import { MAX_UINT32 } from "../wire/check-given.ts";
import { channelLimits } from "../wire/limits.ts";
import { toVerdictCode } from "../wire/verdict.ts";
import type { ProbeSettings } from "./probe-options.ts";
import type { PromotedConnection } from "./promoted-connection.ts";
import {
  cleanServerInfo,
  type HelloRejection,
  type ProbeAnswer,
  type ProbeWelcome,
  readProbeAnswer,
} from "./server-answer.ts";
import { refuseDaemon } from "./welcome-check.ts";

/** An event of the probe machine. */
export type ProbeEventInit = ProbeEvent["event"];

/** What a connection of a probe is dialled with. */
export interface ProbeDialOptions extends Pick<ProbeSettings, "transport" | "endpoint" | "expectedServerId" | "clock"> {
  /** Takes secrets out of what the daemon says. */
  readonly clean: (text: string) => string;
  /** Gives the machine an event. */
  readonly dispatch: (event: ProbeEventInit) => void;
}

/**
 * The ids of a probe's pings are above those of every client, so that a late pong, which may come after the connection was
 * handed over, answers no ping of anybody else.
 */
const PING_ID_BASE = 2 ** 32;

const SECOND_ANSWER: ProbeAnswer = {
  kind: "broken",
  code: CloseCode.PROTOCOL_VIOLATION,
  message: "a second answer to the hello",
};

/** `leaving`: the daemon has said its last packet. `over`: nothing that it still does counts, or it is somebody else's. */
type Phase = "dialing" | "greeting" | "welcomed" | "leaving" | "over";

/** The connection of a probe, until it ends or is handed over: what happens on it becomes events. Spec: PROBE-6 to PROBE-10. */
export class ProbeConnection implements ConnectionListener, LinkOwner {
  private readonly options: ProbeDialOptions;
  private readonly connection: Connection;
  private readonly link: Link;
  private phase: Phase = "dialing";
  /** Who hears of the connection once it was handed over. */
  private heir: ConnectionListener | undefined = undefined;

  /** Dials. May throw what the transport throws. */
  constructor(options: ProbeDialOptions) {
    const { transport, endpoint, clock } = options;
    this.options = options;
    this.connection = transport.dial(endpoint, this);
    this.link = new Link({ role: "client", sink: this.connection, clock, owner: this });
  }

  /** Sends a hello, encoded. */
  sendHello(hello: Uint8Array): void {
    this.link.sendHello(hello);
  }

  /** Sends a ping as large as pings may be, so that a path which swallows data is seen. */
  sendPing(ping: number): void {
    this.link.sendPing(PING_ID_BASE + ping, new Uint8Array(channelLimits.maxPingPaddingBytes));
  }

  /** Hands the connection over: from now on this side writes nothing on it, and `heir` hears what comes. */
  handOver(heir: PromotedConnection): void {
    this.phase = "over";
    this.link.stop();
    this.heir = heir;
    heir.give(this.connection);
  }

  /**
   * Ends the connection from this side; it reports nothing more.
   * @param code Said in a goodbye. UNSPECIFIED: none is said.
   */
  end(code: CloseCode, message: string): void {
    const isPeerLeaving = this.phase === "leaving";
    this.phase = "over";
    if (code !== CloseCode.UNSPECIFIED) {
      this.link.sendFarewell(code, message);
      this.connection.close(code, message);
      return;
    }
    this.link.stop();
    if (isPeerLeaving) this.connection.close(CloseCode.CONNECTION_DONE, "");
    else this.connection.abort();
  }

  opened(): void {
    if (this.phase !== "dialing") return;
    this.phase = "greeting";
    this.dispatch({ case: "transportOpened", value: { nowMs: this.options.clock.now() } });
  }

  received(message: Uint8Array | string): void {
    if (this.heir !== undefined) this.heir.received(message);
    else if (this.phase !== "over" && this.phase !== "leaving") this.link.receive(message);
  }

  drained(): void {
    if (this.heir !== undefined) this.heir.drained();
    else this.link.drained();
  }

  closed(close: ConnectionClose): void {
    this.heir?.closed(close);
    this.link.stop();
    if (this.phase === "over") return;
    this.phase = "over";
    const message = this.options.clean(close.reason);
    if (close.cause === "failed") this.dispatch({ case: "transportFailed", value: { message } });
    else this.dispatch({ case: "transportClosed", value: { code: toVerdictCode(close.code), message } });
  }

  hello(bytes: Uint8Array): void {
    const answer = this.phase === "greeting" ? readProbeAnswer(bytes) : SECOND_ANSWER;
    if (answer.kind === "broken") this.violate(answer.code, answer.message);
    else if (answer.kind === "rejection") this.reject(answer.rejection);
    else this.welcome(answer.welcome);
  }

  farewell({ code, message }: Farewell): void {
    this.phase = "leaving";
    this.dispatch({ case: "wentAway", value: { code: code as CloseCode, message: this.options.clean(message) } });
  }

  pong(id: number): void {
    const ping = id - PING_ID_BASE;
    if (ping < 1 || ping > MAX_UINT32) return;
    this.dispatch({ case: "ponged", value: { ping, nowMs: this.options.clock.now() } });
  }

  violated(code: CloseCode, { message }: Violation): void {
    this.violate(code, message);
  }

  private welcome(welcome: ProbeWelcome): void {
    const { expectedServerId, clean, clock } = this.options;
    const refusal = refuseDaemon(welcome, expectedServerId);
    if (refusal !== undefined) {
      this.violate(refusal.code, refusal.message);
      return;
    }
    this.phase = "welcomed";
    this.link.open();
    this.dispatch({ case: "welcomed", value: { nowMs: clock.now(), server: cleanServerInfo(welcome.server, clean) } });
  }

  private reject({ code, message, retryAfterMs }: HelloRejection): void {
    this.phase = "leaving";
    const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.dispatch({ case: "rejected", value: { code, message: this.options.clean(message), ...hint } });
  }

  private violate(code: CloseCode, message: string): void {
    if (this.phase === "greeting") this.dispatch({ case: "welcomeRefused", value: { code, message } });
    else this.dispatch({ case: "violated", value: { code, message } });
  }

  private dispatch(event: ProbeEventInit): void {
    this.options.dispatch(event);
  }
}
