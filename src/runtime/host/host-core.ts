import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { HostEffect, HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { type ClientEventMap, ClientEvents } from "../../client/client-events.ts";
import { ClientInstance } from "../../client/client-instance.ts";
import type { LogEntry } from "../../core/machine.ts";
import { Runner } from "../../core/runner.ts";
import { type HostConfig, type HostEventInit, hostMachine, initialHostState } from "../../machine/host.ts";
import { createTransition } from "../../machine/transition-log.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { parseSessionKey, type SessionKey } from "../../wire/session-key.ts";
import { sessionRefOf } from "../../wire/session-ref.ts";
import type { HostSnapshot } from "../host-runtime.ts";
import { Listeners } from "../source.ts";
import { createDialer } from "./dialer.ts";
import { HostCalls } from "./host-calls.ts";
import { HostConnections } from "./host-connections.ts";
import { HostLifecycle } from "./host-lifecycle.ts";
import { type HostOwner, HostPerformer } from "./host-performer.ts";
import type { HostSettings } from "./host-settings.ts";
import { HostTimers } from "./host-timers.ts";
import { OnlineWaiters, outcomeOf } from "./online-waiters.ts";
import { checkProfile, factsOf, findSurplus } from "./profile.ts";
import { keyFailureOf } from "./session-key-failure.ts";
import { type ShownParts, showHost } from "./show-host.ts";

/** What was given from outside and is handed to the machine when it can take it. */
interface Given {
  readonly profile: HostProfile;
  readonly preferredId: string;
  readonly sessionKey: SessionKey | undefined;
  /** Empty until the key is there. */
  readonly sessionRef: string;
}

/** The parts that are made once. */
interface Parts {
  readonly instance: ClientInstance;
  readonly connections: HostConnections;
  readonly lifecycle: HostLifecycle;
  readonly calls: HostCalls;
  readonly events: ClientEvents;
  readonly waiters: OnlineWaiters;
  readonly listeners: Listeners;
  readonly refreshes: Listeners;
}

/** A runtime without its mirrors: the machine, its hands, its snapshot, and the services. Spec: HOST. */
export class HostCore {
  private readonly settings: HostSettings;
  private readonly parts: Parts;
  private readonly runner: Runner<HostState, HostEvent, HostEffect, HostConfig>;
  /** Profiles whose event the machine has not had yet: until then it dials the candidates of the one before. */
  private readonly coming = new WeakMap<HostEvent, HostProfile>();
  private given: Given;
  private shown: HostSnapshot;

  /** @param settings Options that were checked. @param profile Where the daemon may be found. */
  constructor(settings: HostSettings, profile: HostProfile) {
    this.settings = settings;
    this.given = { profile, preferredId: "", sessionKey: undefined, sessionRef: "" };
    const owner = this.createOwner();
    this.parts = this.createParts(owner);
    const timers = new HostTimers(settings.clock, (event) => this.dispatch(event));
    const performer = new HostPerformer({ settings, timers, ...this.parts }, owner);
    this.runner = new Runner(hostMachine, settings.config, performer, initialHostState());
    this.shown = showHost(this.look(), undefined);
    this.runner.subscribe((state) => this.entered(state));
    this.tellSurplus(profile);
  }

  /** What is shown. The same object until something changes. */
  readonly getSnapshot = (): HostSnapshot => this.shown;

  /** Calls `listener` after each change, until the function that comes back is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.parts.listeners.add(listener);

  /** A client of a service: the same object for the same service. */
  service<T extends DescService>(service: T): Client<T> {
    return this.parts.calls.service(service);
  }

  /** Calls `listener` at each such event. */
  on<Name extends keyof ClientEventMap>(name: Name, listener: (event: ClientEventMap[Name]) => void): () => void {
    return this.parts.events.on(name, listener);
  }

  /** Calls `listener` when the mirrors have to look at the daemon anew. */
  onRefresh(listener: () => void): () => void {
    return this.parts.refreshes.add(listener);
  }

  /** Calls `listener` when the program goes out of sight: it may be ended at any time from then on. */
  onHidden(listener: () => void): () => void {
    return this.parts.lifecycle.subscribe((signal) => {
      if (signal === "hidden" || signal === "frozen") listener();
    });
  }

  /** As in HostRuntime. */
  start(): void {
    this.dispatch({ case: "startRequested", value: {} });
  }

  /** As in HostRuntime. */
  stop(): void {
    this.dispatch({ case: "stopRequested", value: {} });
  }

  /** As in HostRuntime. */
  retry(): void {
    this.dispatch({ case: "retryRequested", value: { nowMs: this.now() } });
  }

  /** As in HostRuntime. */
  refresh(): void {
    this.dispatch({ case: "refreshRequested", value: { nowMs: this.now() } });
  }

  /** As in HostRuntime. */
  useCandidate(candidateId = ""): void {
    if (typeof candidateId !== "string") {
      this.settings.onError(
        new MoorlineError("OPTION_INVALID", "The candidate that is wanted is no id. Nothing was changed.", {
          action: "Give the id of a candidate of the profile, or undefined.",
        }),
      );
      return;
    }
    this.given = { ...this.given, preferredId: candidateId };
    this.dispatch({ case: "candidatePreferred", value: { candidateId, nowMs: this.now() } });
  }

  /** As in HostRuntime. */
  setProfile(profile: HostProfile): void {
    const failure = this.findFault(profile);
    if (failure !== undefined) {
      this.settings.onError(failure);
      return;
    }
    this.tellSurplus(profile);
    const event: HostEvent = {
      event: { case: "candidatesChanged", value: { candidates: factsOf(profile), nowMs: this.now() } },
    };
    this.coming.set(event, profile);
    this.runner.dispatch(event);
  }

  /** As in HostRuntime. */
  credentialChanged(): void {
    this.settings.credentials.invalidate();
    this.dispatch({ case: "credentialChanged", value: { nowMs: this.now() } });
  }

  /** As in HostRuntime. */
  ensureOnline(): Promise<void> {
    const { state } = this.state;
    if (state.case === "booting" || state.case === "failed") this.start();
    if (state.case === "error") this.retry();
    const outcome = outcomeOf(this.state);
    if (outcome === undefined) return this.parts.waiters.wait();
    return outcome === "online" ? Promise.resolve() : Promise.reject(outcome);
  }

  private findFault(profile: HostProfile): MoorlineError | undefined {
    try {
      if (checkProfile(profile) === this.settings.serverId) return undefined;
      return new MoorlineError("WRONG_SERVER", "The profile is of another daemon. Nothing was changed.");
    } catch (error) {
      return MoorlineError.from(error);
    }
  }

  private tellSurplus(profile: HostProfile): void {
    const surplus = findSurplus(profile);
    if (surplus !== undefined) this.settings.onError(surplus);
  }

  private get state(): HostState {
    return this.runner.getSnapshot();
  }

  private now(): number {
    return this.settings.clock.now();
  }

  private dispatch(event: HostEventInit): void {
    this.runner.dispatch({ event });
  }

  private createParts(owner: HostOwner): Parts {
    const { settings } = this;
    const { clock, random, channelLimits, onError } = settings;
    const instance = new ClientInstance({ random, limits: channelLimits });
    const nowMs = (): number => this.now();
    const lifecycle = new HostLifecycle(settings.lifecycle, clock, {
      woke: () => this.dispatch({ case: "woke", value: { nowMs: nowMs() } }),
      wentOnline: () => this.dispatch({ case: "wentOnline", value: { nowMs: nowMs() } }),
      foregrounded: () => this.dispatch({ case: "foregrounded", value: { nowMs: nowMs() } }),
      hidden: () => this.dispatch({ case: "hidden", value: {} }),
    });
    const dialer = createDialer({
      ...{ settings, instance, lifecycle },
      profile: () => this.given.profile,
      sessionKey: () => parseSessionKey(this.given.sessionKey),
    });
    return {
      ...{ instance, lifecycle },
      connections: new HostConnections(settings, dialer, owner),
      calls: new HostCalls(settings, instance, () => this.state),
      events: new ClientEvents(onError),
      waiters: new OnlineWaiters(),
      listeners: new Listeners(onError),
      refreshes: new Listeners(onError),
    };
  }

  private createOwner(): HostOwner {
    return {
      dispatch: (event) => this.dispatch(event),
      changed: () => this.show(),
      isActiveDoubted: () => this.isActiveDoubted(),
      told: (name, event) => this.parts.events.emit(name, event),
      loadSessionKey: (request) => void this.loadSessionKey(request),
      refreshMirrors: () => this.parts.refreshes.notify(),
      logged: (entry) => this.log(entry),
    };
  }

  private entered(state: HostState): void {
    const { lifecycle, waiters } = this.parts;
    if (state.state.case === "stopped") {
      lifecycle.dispose();
      this.settings.callbacks.cancel();
    }
    this.show();
    waiters.settle(state);
  }

  private show(): void {
    const before = this.shown;
    this.shown = showHost(this.look(), before);
    if (this.shown !== before) this.parts.listeners.notify();
  }

  private look(): ShownParts {
    const { serverId } = this.settings;
    const { sessionRef } = this.given;
    return { serverId, sessionRef, host: this.state, connections: this.parts.connections };
  }

  private isActiveDoubted(): boolean {
    const { state } = this.state;
    if (state.case !== "online") return false;
    const connection = this.parts.connections.clientState(state.value.connection)?.state;
    return connection?.case === "connected" && connection.value.liveness.case === "verifying";
  }

  private async loadSessionKey(request: number): Promise<void> {
    this.parts.lifecycle.start();
    try {
      const sessionKey = parseSessionKey(await this.settings.loadSessionKey());
      if (this.isWanted(request)) this.given = { ...this.given, sessionKey, sessionRef: sessionRefOf(sessionKey) };
      this.tellStarted(request);
    } catch (error) {
      this.settings.onError(error);
      this.dispatch({ case: "startFailed", value: { request, failure: keyFailureOf(error) } });
    }
  }

  private isWanted(request: number): boolean {
    const { state } = this.state;
    if (state.case !== "booting") return false;
    return state.value.stage.case === "loadingKey" && state.value.stage.value.request === request;
  }

  private tellStarted(request: number): void {
    const { profile, preferredId: preferredCandidateId } = this.given;
    const isHidden = this.parts.lifecycle.visibility === "hidden";
    const visibility = isHidden ? Visibility.HIDDEN : Visibility.VISIBLE;
    const facts = { request, nowMs: this.now(), visibility, preferredCandidateId };
    this.dispatch({ case: "started", value: { ...facts, candidates: factsOf(profile) } });
  }

  private log(entry: LogEntry<HostState, HostEvent>): void {
    const profile = this.coming.get(entry.event);
    if (profile !== undefined) this.given = { ...this.given, profile };
    const { serverId, clock, onTransition } = this.settings;
    const { sessionRef } = this.look();
    onTransition(createTransition(hostMachine, entry, { serverId, sessionRef, wallMs: clock.wallNow() }));
  }
}
