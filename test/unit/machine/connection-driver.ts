import type {
  ConnectionEffect,
  ConnectionState,
  ConnectionState_Connected,
  ConnectionState_Connecting,
  ConnectionState_Disconnected,
  RetryHint,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import {
  type ConnectionConfig,
  defaultConnectionConfig,
  initialConnectionState,
  transitionConnection,
} from "../../../src/machine/connection.ts";
import { connectionEvent } from "./machine-data.ts";

type Input = Parameters<typeof connectionEvent>[0];
type EffectCase = Exclude<ConnectionEffect["effect"], { case: undefined }>;
type EffectValue<K> = Extract<EffectCase, { case: K }>["value"];
type Hint = Pick<RetryHint, "afterMs" | "jitterMs">;

/** The code of a socket that closed without one. */
const ABNORMAL = 1006 as CloseCode;

/** How a test lets a connection end. */
export interface End {
  readonly code?: CloseCode;
  readonly hint?: Hint | undefined;
  readonly carriedFrames?: boolean;
  readonly unitRandom?: number;
}

/** Holds the state of one connection machine and the time, and says in words what came out. */
export class ConnectionDriver {
  state: ConnectionState;
  nowMs = 1_000;
  attempt = 0;
  ignored = false;
  effects: readonly ConnectionEffect[] = [];
  readonly config: ConnectionConfig;

  constructor(config: Partial<ConnectionConfig> = {}) {
    this.config = { ...defaultConnectionConfig, ...config };
    this.state = initialConnectionState(this.nowMs);
  }

  /** Gives the machine an event and remembers what followed. */
  give(event: Input): this {
    const step = transitionConnection(this.state, connectionEvent(event), this.config);
    this.state = step.state;
    this.ignored = step.ignored;
    this.effects = step.effects;
    return this;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  connect(path: Path = Path.DIRECT): this {
    return this.give({ case: "connectRequested", value: { path, nowMs: this.nowMs } });
  }

  open(): this {
    this.attempt += 1;
    const { generation, nowMs, attempt } = this;
    return this.give({ case: "transportOpened", value: { generation, attempt, nowMs } });
  }

  welcome(hint?: Hint): this {
    const { generation, nowMs } = this;
    const attachment = { channelId: new Uint8Array(16), resumption: Resumption.RESUMED, received: 0 };
    const server = { serverId: "server", name: "execd", version: "1.0.0", epoch: new Uint8Array(16) };
    const value = { generation, nowMs, server, sessionRef: "ref", attachment, silenceMs: 25_000, hint };
    return this.give({ case: "welcomed", value });
  }

  /** From idle or disconnected to connected. */
  goOnline(hint?: Hint): this {
    return this.connect().open().welcome(hint);
  }

  reject(code: CloseCode, retryAfterMs?: number, unitRandom = 0.5): this {
    const { generation, nowMs } = this;
    const after = retryAfterMs === undefined ? {} : { retryAfterMs };
    return this.give({ case: "rejected", value: { generation, nowMs, unitRandom, code, message: "no", ...after } });
  }

  goAway(code: CloseCode, { unitRandom = 0.5, carriedFrames = false, hint }: End = {}): this {
    const { generation, nowMs } = this;
    return this.give({ case: "wentAway", value: { generation, nowMs, unitRandom, carriedFrames, code, hint } });
  }

  cut({ unitRandom = 0.5, code = ABNORMAL, carriedFrames = false }: End = {}): this {
    const { generation, nowMs } = this;
    return this.give({ case: "transportClosed", value: { generation, nowMs, unitRandom, code, carriedFrames } });
  }

  fail(unitRandom = 0.5): this {
    const { generation, nowMs } = this;
    return this.give({ case: "transportFailed", value: { generation, nowMs, unitRandom } });
  }

  retry(): this {
    return this.give({ case: "retryDue", value: { generation: this.generation, nowMs: this.nowMs } });
  }

  dispose(code: CloseCode = CloseCode.CHANNEL_DONE): this {
    return this.give({ case: "disposed", value: { code, message: "" } });
  }

  get phase(): string {
    return this.state.state.case ?? "";
  }

  get generation(): number {
    const { state } = this.state;
    return state.value !== undefined && "generation" in state.value ? state.value.generation : 0;
  }

  get connecting(): ConnectionState_Connecting {
    if (this.state.state.case !== "connecting") throw new Error(`not connecting but ${this.phase}`);
    return this.state.state.value;
  }

  get connected(): ConnectionState_Connected {
    if (this.state.state.case !== "connected") throw new Error(`not connected but ${this.phase}`);
    return this.state.state.value;
  }

  get disconnected(): ConnectionState_Disconnected {
    if (this.state.state.case !== "disconnected") throw new Error(`not disconnected but ${this.phase}`);
    return this.state.state.value;
  }

  /** How long the machine waits before it dials again. Undefined where it does not. */
  get waitMs(): number | undefined {
    const { retryAtMs } = this.disconnected;
    return retryAtMs === undefined ? undefined : retryAtMs - this.nowMs;
  }

  /** The names of the effects of the last event, in order. */
  get did(): string[] {
    return this.effects.map(({ effect }) => effect.case ?? "");
  }

  /** The values of the effects of one kind that the last event had. */
  effectsOf<K extends EffectCase["case"]>(kind: K): EffectValue<K>[] {
    const values = this.effects.map(({ effect }) => effect).filter((effect) => effect.case === kind);
    return values.map(({ value }) => value) as unknown[] as EffectValue<K>[];
  }
}
