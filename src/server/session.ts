import { type ContextValues, createContextValues } from "@connectrpc/connect";
import type { SessionEffect, SessionEvent, SessionState } from "../../gen/moorline/machine/v1/session_pb.ts";
import type { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import { type SessionConfig, sessionEvent, sessionMachine, startSession } from "../machine/session.ts";
import type { AttachRequest } from "./handshake.ts";
import { LostChannels } from "./lost-channels.ts";
import { type Boarding, type ChannelOwner, nameOf, ServerChannel } from "./server-channel.ts";
import { logTransition, type ServerContext } from "./server-context.ts";
import { ServerTimer } from "./server-timer.ts";
import type { SessionRecord } from "./store.ts";

/** Who keeps a session. */
export interface SessionKeeper {
  /** Writes the record to the store. */
  save(record: SessionRecord): void;
  /** The session is over: it leaves registry and store. */
  forget(session: Session): void;
}

/** An idle session is written this often, so that a crash gives back no more of its lifetime, in milliseconds. */
const SAVE_EVERY_MS = 3_600_000;

/** What the daemon keeps under one session key: performs what its machine decides. Spec: SESSION, SESM. */
export class Session implements Performer<SessionState, SessionEvent, SessionEffect>, ChannelOwner {
  readonly hash: string;
  readonly ref: string;
  readonly principal: string;
  readonly createdAtMs: number;
  /** Its channels, by their keys. */
  readonly channels = new Map<string, ServerChannel>();
  private readonly context: ServerContext;
  private readonly keeper: SessionKeeper;
  private readonly runner: Runner<SessionState, SessionEvent, SessionEffect, SessionConfig>;
  private timer: ServerTimer | undefined = undefined;
  private lostChannels: LostChannels | undefined;
  private sessionValues: ContextValues | undefined = undefined;
  /** What the store says is left, in milliseconds. */
  private savedLeftMs: number;

  /**
   * A session that is new, or comes from the store. It is idle.
   * @param lost What an earlier session of the key has lost lately. Default: nothing.
   */
  constructor(context: ServerContext, keeper: SessionKeeper, record: SessionRecord, lost?: LostChannels) {
    this.context = context;
    this.lostChannels = lost;
    this.keeper = keeper;
    this.hash = record.sessionHash;
    this.ref = record.sessionRef;
    this.principal = record.principal;
    this.createdAtMs = record.createdAtMs;
    this.savedLeftMs = record.idleLeftMs;
    const { sessionMs } = context.limits.session;
    const start = startSession(context.clock.now() + Math.min(record.idleLeftMs, sessionMs));
    this.runner = new Runner(sessionMachine, context.limits.session, this, start.state);
    this.runner.start(start.effects);
  }

  /** Where the session is. */
  get phase(): "active" | "idle" | "expired" {
    return this.runner.getSnapshot().state.case ?? "expired";
  }

  /** When the session ends. Undefined while it has a channel. */
  get deadlineAtMs(): number | undefined {
    const { state } = this.runner.getSnapshot();
    return state.case === "idle" ? state.value.deadlineAtMs : undefined;
  }

  get values(): ContextValues {
    this.sessionValues ??= createContextValues();
    return this.sessionValues;
  }

  /** The channels that it remembers to have lost. */
  get lost(): LostChannels {
    this.lostChannels ??= new LostChannels(this.context.limits.session);
    return this.lostChannels;
  }

  /** Creates a channel on the connection of the hello that asks for it. */
  createChannel(request: AttachRequest, boarding: Boarding): ServerChannel {
    const channel = new ServerChannel(this.context, this, request, boarding);
    this.channels.set(channel.key, channel);
    this.attached();
    return channel;
  }

  /** Attaches a channel that it has to another connection. */
  resumeChannel(channel: ServerChannel, attempt: number, boarding: Boarding): void {
    channel.resume(attempt, boarding);
    this.attached();
  }

  channelLost(channel: ServerChannel, reason: ChannelLossReason): void {
    const nowMs = this.context.clock.now();
    this.channels.delete(channel.key);
    this.lost.add(channel.key, reason, nowMs);
    if (this.channels.size === 0) this.dispatch({ case: "lastChannelLost", value: { nowMs } });
  }

  /** A plain RPC was served: where the session is idle, its time begins anew. Spec: SESM-2. */
  callServed(): void {
    // A call may outlive its session, which must not come back into the store.
    if (this.phase === "expired") return;
    this.dispatch({ case: "callServed", value: { nowMs: this.context.clock.now() } });
    this.save();
  }

  /** Ends the session: by its client, or to make room. */
  end(): void {
    this.dispatch({ case: "ended", value: {} });
  }

  /** Ends what is over, also where its timer has not fired yet: its channels, or the session itself. */
  expireIfDue(nowMs: number): void {
    for (const channel of [...this.channels.values()]) channel.expireIfDue(nowMs);
    const { deadlineAtMs } = this;
    if (deadlineAtMs !== undefined && deadlineAtMs <= nowMs) {
      this.dispatch({ case: "sessionExpired", value: { deadlineAtMs } });
    }
  }

  /** The server is closed: what is left of the session is written, and nothing happens to it any more. */
  suspend(): void {
    this.timer?.cancel();
    this.save();
  }

  perform({ effect }: SessionEffect): void {
    switch (effect.case) {
      case "startTimer":
        this.timer ??= new ServerTimer(this.context.deadlines, () => this.lookAtTime());
        this.timer.start(Math.min(effect.value.atMs, this.context.clock.now() + SAVE_EVERY_MS));
        break;
      case "cancelTimer":
        this.timer?.cancel();
        this.timer = undefined;
        break;
      case "endChannels":
        for (const channel of [...this.channels.values()]) channel.end();
        break;
      case "forgetSession":
        this.keeper.forget(this);
        this.context.reporter.event({ kind: "expired", session: nameOf(this) });
        break;
    }
  }

  logged(entry: LogEntry<SessionState, SessionEvent>): void {
    logTransition(this.context, sessionMachine, entry, { sessionRef: this.ref });
  }

  failed(error: unknown): void {
    this.context.reporter.failed("a session", error);
  }

  private attached(): void {
    this.dispatch({ case: "attached", value: {} });
    this.save();
  }

  private dispatch(event: Parameters<typeof sessionEvent>[0]): void {
    this.runner.dispatch(sessionEvent(event));
  }

  private lookAtTime(): void {
    const nowMs = this.context.clock.now();
    this.expireIfDue(nowMs);
    const { deadlineAtMs } = this;
    if (deadlineAtMs === undefined) return;
    this.save();
    this.timer?.start(Math.min(deadlineAtMs, nowMs + SAVE_EVERY_MS));
  }

  /** Writes what is left, unless the store has it already. */
  private save(): void {
    const { sessionMs } = this.context.limits.session;
    const idleLeftMs = Math.ceil(
      (this.deadlineAtMs ?? this.context.clock.now() + sessionMs) - this.context.clock.now(),
    );
    if (idleLeftMs === this.savedLeftMs) return;
    this.savedLeftMs = idleLeftMs;
    const { hash: sessionHash, ref: sessionRef, principal, createdAtMs } = this;
    this.keeper.save({ sessionHash, sessionRef, principal, createdAtMs, idleLeftMs });
  }
}
