import type { HostEffect, HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { ClientInstance } from "../../client/client-instance.ts";
import { type CredentialAnswer, credentialFailureOf } from "../../client/credential.ts";
import type { LogEntry, Performer } from "../../core/machine.ts";
import type { ConnectionsOwner, HostConnections } from "./host-connections.ts";
import type { HostSettings } from "./host-settings.ts";
import type { HostTimers } from "./host-timers.ts";

/** Who owns a {@link HostPerformer}. */
export interface HostOwner extends ConnectionsOwner {
  /** Loads the session key. */
  loadSessionKey(request: number): void;
  /** Has the mirrors look at the daemon anew. */
  refreshMirrors(): void;
  /** Hears of every event. */
  logged(entry: LogEntry<HostState, HostEvent>): void;
}

/** What a {@link HostPerformer} works with. */
export interface HostHands {
  /** The options of the host. */
  readonly settings: HostSettings;
  /** The owner of the channel. */
  readonly instance: ClientInstance;
  /** The clients and probes. */
  readonly connections: HostConnections;
  /** The timers. */
  readonly timers: HostTimers;
}

/** The hands of the host machine. Spec: HOST, INV-8. */
export class HostPerformer implements Performer<HostState, HostEvent, HostEffect> {
  private readonly hands: HostHands;
  private readonly owner: HostOwner;

  constructor(hands: HostHands, owner: HostOwner) {
    this.hands = hands;
    this.owner = owner;
  }

  perform({ effect }: HostEffect): void {
    const { connections, timers, settings } = this.hands;
    switch (effect.case) {
      case "loadSessionKey":
        this.owner.loadSessionKey(effect.value.request);
        break;
      case "openClient":
        connections.openClient(effect.value.connection, effect.value.candidateId);
        break;
      case "openProbe":
        connections.openProbe(effect.value.connection, effect.value.candidateId);
        break;
      case "promoteProbe":
        connections.promote(effect.value.connection);
        break;
      case "closeConnection":
        connections.close(effect.value.connection, effect.value.code);
        break;
      case "pingClient":
        connections.ping(effect.value.connection, effect.value.paddingBytes);
        break;
      case "startTimer":
        timers.start(effect.value.timer, effect.value.atMs);
        break;
      case "cancelTimer":
        timers.cancel(effect.value.timer);
        break;
      case "refreshCredential":
        settings.credentials.refresh(undefined, (answer) => this.answered(effect.value.request, answer));
        break;
      case "renewCredential":
        settings.credentials.renew((answer) => this.answered(effect.value.request, answer));
        break;
      case "forgetCredential":
        settings.credentials.invalidate();
        break;
      case "loseChannel":
        this.loseChannel(effect.value.reason);
        break;
      case "refreshMirrors":
        this.owner.refreshMirrors();
        break;
    }
    this.owner.changed();
  }

  logged(entry: LogEntry<HostState, HostEvent>): void {
    this.owner.logged(entry);
  }

  failed(error: unknown): void {
    this.hands.settings.onError(error);
  }

  private answered(request: number, answer: CredentialAnswer): void {
    const { clock, onError } = this.hands.settings;
    const nowMs = clock.now();
    if (answer.kind === "given") {
      this.owner.dispatch({ case: "credentialRefreshed", value: { request, nowMs } });
      return;
    }
    onError(answer.error);
    const message = credentialFailureOf(answer.error, "no new credential could be had");
    this.owner.dispatch({ case: "credentialRefreshFailed", value: { request, message, nowMs } });
  }

  private loseChannel(reason: ChannelLossReason): void {
    const lost = this.hands.instance.lose(reason);
    if (lost !== undefined) this.owner.told("channel_lost", lost);
  }
}
