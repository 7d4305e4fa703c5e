import type { ConnectionEffect_StartTimer } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../gen/moorline/machine/v1/connection_pb.ts";
import type { ClientSettings } from "./client-options.ts";
import { ConnectionTimers, type RunningTimer, type TimerOwner } from "./connection-timers.ts";
import type { DialedConnection, EventInit } from "./dialed-connection.ts";
import { type Visibility, type WakeOwner, WakeWatch } from "./wake-watch.ts";

/** Whose connection a {@link ConnectionLiveness} watches over. */
export interface LivenessOwner {
  /** The connection that is dialled or welcomed. */
  readonly connection: DialedConnection | undefined;
  /** Gives the machine an event. */
  dispatch(event: EventInit): void;
}

/** The timers of a connection machine and the wake watch, each of which may move the other. Spec: LIVE-3, LIVE-5 to LIVE-8. */
export class ConnectionLiveness implements TimerOwner, WakeOwner {
  private readonly settings: ClientSettings;
  private readonly owner: LivenessOwner;
  private readonly timers: ConnectionTimers;
  private readonly watch: WakeWatch;

  constructor(settings: ClientSettings, owner: LivenessOwner) {
    this.settings = settings;
    this.owner = owner;
    this.timers = new ConnectionTimers(settings.clock, this);
    this.watch = new WakeWatch(settings.clock, settings.liveness, this);
  }

  /** Listens to the lifecycle of the program from now on. */
  listen(): void {
    this.watch.listen(this.settings.lifecycle);
  }

  /** A connection is wanted, and there will be something to watch over. */
  watchOver(): void {
    this.watch.start();
  }

  /** The connection is over. */
  rest(): void {
    this.watch.stop();
  }

  /** The client is disposed: nothing is listened to any more. */
  dispose(): void {
    this.watch.dispose();
  }

  /** Has a connection that was welcomed acknowledge as it fits the visibility of the program. */
  adopt(connection: DialedConnection): void {
    if (this.watch.visibility === "hidden") connection.link.setAcks("lazy");
  }

  /** Starts a timer of the machine. */
  start({ timer: name, generation, atMs }: ConnectionEffect_StartTimer): void {
    this.timers.start({ name, generation, atMs });
    if (name === ConnectionTimer.SILENCE && this.watch.visibility === "hidden") this.timers.hold(name);
  }

  /** Cancels a timer of the machine. */
  cancel(name: ConnectionTimer): void {
    this.timers.cancel(name);
  }

  beforeDue(): void {
    this.watch.check();
  }

  due(timer: RunningTimer): void {
    const { generation, atMs } = timer;
    const at = { generation, nowMs: this.settings.clock.now(), unitRandom: this.settings.random.unit() };
    switch (timer.name) {
      case ConnectionTimer.CONNECT:
        this.owner.dispatch({ case: "connectTimedOut", value: { ...at, message: this.openingOf() } });
        break;
      case ConnectionTimer.HELLO:
        this.owner.dispatch({ case: "helloTimedOut", value: at });
        break;
      case ConnectionTimer.SILENCE:
        this.checkSilence(timer);
        break;
      case ConnectionTimer.VERIFY:
        this.giveUp(generation, { verifyUntilMs: atMs });
        break;
      case ConnectionTimer.RETRY:
        this.owner.dispatch({ case: "retryDue", value: at });
        break;
    }
  }

  slept(gapMs: number): void {
    this.timers.shift(gapMs);
  }

  doubted(): void {
    const nowMs = this.settings.clock.now();
    if (this.owner.connection?.isWelcomed === true) {
      this.owner.dispatch({ case: "verifyRequested", value: { nowMs } });
    } else if (this.timers.isRunning(ConnectionTimer.RETRY)) {
      // What the client waits for may just have happened.
      this.owner.dispatch({ case: "connectRequested", value: { path: this.settings.path, nowMs } });
    }
  }

  visibilityChanged(visibility: Visibility): void {
    const { connection } = this.owner;
    connection?.link.setAcks(visibility === "hidden" ? "lazy" : "prompt");
    if (visibility === "hidden") {
      this.timers.hold(ConnectionTimer.SILENCE);
    } else {
      const silenceMs = connection?.accepted?.welcome.silenceMs ?? this.settings.liveness.silenceMs;
      this.timers.resume(ConnectionTimer.SILENCE, this.settings.clock.now() + silenceMs);
    }
  }

  /** Any packet counts, so the timer is moved to where the last one puts it. */
  private checkSilence({ name, generation }: RunningTimer): void {
    const connection = this.find(generation);
    if (connection?.accepted === undefined) return;
    const atMs = connection.link.lastReceivedAtMs + connection.accepted.welcome.silenceMs;
    if (atMs > this.settings.clock.now()) this.timers.start({ name, generation, atMs });
    else this.giveUp(generation, {});
  }

  /** What an attempt that is not open yet waits for, where that is not the transport. */
  private openingOf(): string {
    return this.owner.connection === undefined ? "the credential callback has not answered in time" : "";
  }

  private giveUp(generation: number, check: { readonly verifyUntilMs?: number }): void {
    const connection = this.find(generation);
    if (connection === undefined) return;
    this.owner.dispatch({ case: "livenessLost", value: { ...connection.facts(), ...check } });
  }

  private find(generation: number): DialedConnection | undefined {
    const { connection } = this.owner;
    return connection?.generation === generation ? connection : undefined;
  }
}
