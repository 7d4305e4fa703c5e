import { create } from "@bufbuild/protobuf";
import { ConnectionLossSchema } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import type {
  CandidateFacts,
  HostEffect,
  HostEvent,
  HostMemory,
  HostState,
  HostState_Online,
  Race,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CandidateFactsSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ConnectionLossReason, HostFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { timersOf } from "../../../src/machine/host/holdings.ts";
import {
  defaultHostConfig,
  type HostConfig,
  hostMachine,
  initialHostState,
  transitionHost,
} from "../../../src/machine/host.ts";
import { type HostEventInit, hostEvent } from "./machine-data.ts";

/** How a test lets a connection end. */
export interface HostLoss {
  readonly code?: CloseCode;
  readonly wasHealthy?: boolean;
  readonly hint?: { readonly afterMs: number; readonly jitterMs: number };
}

/** Two direct candidates, `a` and `b`, and a relay, `r`. */
export const A = facts("a", Path.DIRECT);
export const B = facts("b", Path.DIRECT);
export const R = facts("r", Path.RELAY);

/** A candidate of a profile. */
export function facts(candidateId: string, path: Path, isLoopback = false): CandidateFacts {
  return create(CandidateFactsSchema, { candidateId, path, isLoopback });
}

/** Holds the state of one host machine and the time, and says in words what came out. */
export class HostDriver {
  state: HostState = initialHostState();
  nowMs = 1_000;
  ignored = false;
  effects: readonly HostEffect[] = [];
  /** Every event that was given. */
  readonly events: HostEvent[] = [];
  readonly config: HostConfig = defaultHostConfig;

  /** Gives the machine an event and remembers what followed. */
  give(init: HostEventInit): this {
    const event = hostEvent(init);
    const step = transitionHost(this.state, event, this.config);
    this.events.push(event);
    this.state = step.state;
    this.ignored = step.ignored;
    this.effects = step.effects;
    return this;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** From booting to the race. */
  start(...candidates: CandidateFacts[]): this {
    this.give({ case: "startRequested", value: {} });
    return this.started(1, candidates);
  }

  started(request: number, candidates: readonly CandidateFacts[]): this {
    const value = { request, nowMs: this.nowMs, candidates: [...candidates], visibility: Visibility.VISIBLE };
    return this.give({ case: "started", value });
  }

  startFailed(request = 1): this {
    const failure = { reason: HostFailureReason.STORAGE_FAILED, message: "no storage", action: "Mend it." };
    return this.give({ case: "startFailed", value: { request, failure } });
  }

  /** The client of a candidate is welcomed. @param expiresInMs When its credential ends. Default: never. */
  connected(candidateId: string, expiresInMs?: number): this {
    const facts = { connection: this.numberOf(candidateId), nowMs: this.nowMs };
    const expiry = expiresInMs === undefined ? {} : { credentialExpiresAtMs: this.nowMs + expiresInMs };
    return this.give({ case: "clientConnected", value: { ...facts, ...expiry } });
  }

  lost(candidateId: string, how: HostLoss = {}): this {
    return this.lose(this.numberOf(candidateId), how);
  }

  /** The active connection is lost, where another one of its candidate says hello. */
  activeLost(how: HostLoss = {}): this {
    return this.lose(this.online.connection, how);
  }

  answered(candidateId: string, roundTripMs = 40, isActiveDoubted = false): this {
    const connection = this.numberOf(candidateId);
    return this.give({ case: "probeAnswered", value: { connection, nowMs: this.nowMs, roundTripMs, isActiveDoubted } });
  }

  probeFailed(candidateId: string, code: CloseCode = CloseCode.UNSPECIFIED): this {
    const loss = create(ConnectionLossSchema, { reason: ConnectionLossReason.CONNECT_TIMED_OUT, code });
    const connection = this.numberOf(candidateId);
    return this.give({ case: "probeFailed", value: { connection, nowMs: this.nowMs, unitRandom: 0.5, loss } });
  }

  /** Measures the active connection. */
  measured(roundTripMs: number): this {
    const { connection } = this.online;
    return this.give({ case: "clientMeasured", value: { connection, nowMs: this.nowMs, roundTripMs } });
  }

  /** Lets the next timer be due, whenever that is. */
  due(name: "raceDue" | "retryDue" | "probeDue" | "interruptionTimedOut" | "credentialRenewalDue"): this {
    const dueAtMs = this.timers.get(name) ?? -1;
    this.nowMs = Math.max(this.nowMs, dueAtMs);
    if (name === "interruptionTimedOut") return this.give({ case: name, value: { dueAtMs } });
    return this.give({ case: name, value: { dueAtMs, nowMs: this.nowMs } } as HostEventInit);
  }

  /** What needs no more than the time. */
  say(
    name: "retryRequested" | "refreshRequested" | "credentialChanged" | "woke" | "wentOnline" | "foregrounded",
  ): this {
    return this.give({ case: name, value: { nowMs: this.nowMs } } as HostEventInit);
  }

  hide(): this {
    return this.give({ case: "hidden", value: {} });
  }

  stop(): this {
    return this.give({ case: "stopRequested", value: {} });
  }

  prefer(candidateId: string): this {
    return this.give({ case: "candidatePreferred", value: { candidateId, nowMs: this.nowMs } });
  }

  change(...candidates: CandidateFacts[]): this {
    return this.give({ case: "candidatesChanged", value: { candidates, nowMs: this.nowMs } });
  }

  refreshed(request = this.request): this {
    return this.give({ case: "credentialRefreshed", value: { request, nowMs: this.nowMs } });
  }

  refreshFailed(request = this.request): this {
    return this.give({ case: "credentialRefreshFailed", value: { request, message: "none", nowMs: this.nowMs } });
  }

  doubt(): this {
    return this.give({ case: "clientDoubted", value: { connection: this.online.connection, nowMs: this.nowMs } });
  }

  get phase(): string {
    return hostMachine.stateName(this.state);
  }

  get online(): HostState_Online {
    if (this.state.state.case !== "online") throw new Error(`not online but ${this.phase}`);
    return this.state.state.value;
  }

  get memory(): HostMemory {
    const { state } = this.state;
    const memory = state.value !== undefined && "memory" in state.value ? state.value.memory : undefined;
    if (memory === undefined) throw new Error(`${this.phase} remembers nothing`);
    return memory;
  }

  get race(): Race {
    const { state } = this.state;
    if (state.case === "connectingActive" && state.value.race !== undefined) return state.value.race;
    const effort = state.value !== undefined && "effort" in state.value ? state.value.effort : undefined;
    if (effort?.case !== "race") throw new Error(`${this.phase} has no race`);
    return effort.value;
  }

  /** Who races, and how far each has come. */
  get stages(): Record<string, string> {
    return Object.fromEntries(this.race.contenders.map(({ candidateId, stage }) => [candidateId, stage.case ?? "?"]));
  }

  /** The number of the request for a credential. */
  get request(): number {
    const { state } = this.state;
    const renewal = state.case === "online" ? state.value.renewal?.stage : undefined;
    if (renewal?.case === "asking") return renewal.value.request;
    const effort = state.value !== undefined && "effort" in state.value ? state.value.effort : undefined;
    return effort?.case === "refreshing" ? effort.value.request : 0;
  }

  /** When the next race begins. */
  get retryAtMs(): number | undefined {
    return this.timers.get("retryDue");
  }

  get timers(): ReadonlyMap<string, number> {
    const names = ["", "raceDue", "retryDue", "interruptionTimedOut", "probeDue", "credentialRenewalDue"];
    return new Map([...timersOf(this.state)].map(([timer, atMs]) => [names[timer] ?? "", atMs]));
  }

  /** What was done by the last event, in order: `openClient 3 a`. */
  get did(): string[] {
    return this.effects.map(({ effect }) => {
      const { connection, candidateId, code } = (effect.value ?? {}) as Record<string, unknown>;
      const end = effect.case === "closeConnection" && code === CloseCode.CHANNEL_DONE ? "for good" : undefined;
      return [effect.case, connection, candidateId, end].filter((part) => part !== undefined).join(" ");
    });
  }

  private lose(connection: number, { code = CloseCode.UNSPECIFIED, wasHealthy = false, hint }: HostLoss): this {
    const reason = ConnectionLossReason.TRANSPORT_CLOSED;
    const loss = create(ConnectionLossSchema, { reason, code });
    const facts = { connection, nowMs: this.nowMs, unitRandom: 0.5, loss, wasHealthy };
    return this.give({ case: "clientLost", value: hint === undefined ? facts : { ...facts, hint } });
  }

  /** The number of the connection of a candidate; of the one that is not active where there are two. */
  numberOf(candidateId: string): number {
    const { state } = this.state;
    if (state.case === "online") {
      const { switch: pending, measurements, connection, candidateId: activeId } = state.value;
      const others = [...(pending === undefined ? [] : [pending]), ...measurements];
      const other = others.find((known) => known.candidateId === candidateId)?.connection;
      return other ?? (activeId === candidateId ? connection : 0);
    }
    const effort = state.value !== undefined && "effort" in state.value ? state.value.effort : undefined;
    if (state.case !== "connectingActive" && effort?.case !== "race") return 0;
    const stage = this.race.contenders.find((other) => other.candidateId === candidateId)?.stage;
    return stage?.case === "greeting" || stage?.case === "probing" ? stage.value.connection : 0;
  }
}
