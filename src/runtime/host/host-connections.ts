import type {
  ConnectionLoss,
  ConnectionState,
  ConnectionState_Connected,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { ProbeState } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { CloseCode, CloseCode as Code } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { ClientEventMap } from "../../client/client-events.ts";
import type { DaemonClient } from "../../client/daemon-client.ts";
import type { Probe } from "../../client/probe.ts";
import { roundTripsOf } from "../../client/probe-selectors.ts";
import type { HostEventInit } from "../../machine/host.ts";
import type { Transport } from "../../transport/connection.ts";
import type { Dialer } from "./dialer.ts";
import type { HostSettings } from "./host-settings.ts";
import { probeLossOf } from "./probe-loss.ts";

/** Who owns {@link HostConnections}. */
export interface ConnectionsOwner {
  /** Something happened that the machine has to hear. */
  dispatch(event: HostEventInit): void;
  /** The state of a connection or a probe has changed. */
  changed(): void;
  /** Whether the active connection is being verified now. */
  isActiveDoubted(): boolean;
  /** A client has something to tell. */
  told<Name extends keyof ClientEventMap>(name: Name, event: ClientEventMap[Name]): void;
}

type Entry = { readonly candidateId: string; readonly end: (code: CloseCode) => void } & (
  | { readonly kind: "client"; readonly client: DaemonClient }
  | { readonly kind: "probe"; readonly probe: Probe }
);

/** The clients and probes of a host, by their numbers: what happens on them becomes events of those. Spec: INV-8. */
export class HostConnections {
  private readonly settings: HostSettings;
  private readonly dialer: Dialer;
  private readonly owner: ConnectionsOwner;
  private readonly entries = new Map<number, Entry>();

  constructor(settings: HostSettings, dialer: Dialer, owner: ConnectionsOwner) {
    this.settings = settings;
    this.dialer = dialer;
    this.owner = owner;
  }

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  /** The state of a client. Undefined where the number is of none. */
  clientState(connection: number): ConnectionState | undefined {
    const entry = this.entries.get(connection);
    return entry?.kind === "client" ? entry.client.state : undefined;
  }

  /** The probes that are under way, in the order of their making. */
  probeStates(): { readonly candidateId: string; readonly state: ProbeState }[] {
    return [...this.entries.values()].flatMap((entry) =>
      entry.kind === "probe" ? [{ candidateId: entry.candidateId, state: entry.probe.state }] : [],
    );
  }

  /** Makes a client, which dials at once. */
  openClient(connection: number, candidateId: string): void {
    this.attempt(connection, "clientLost", () => this.addClient(connection, candidateId));
  }

  /** Makes a probe, which dials at once. */
  openProbe(connection: number, candidateId: string): void {
    this.attempt(connection, "probeFailed", () => {
      const probe = this.dialer.createProbe(candidateId, connection);
      let samples = 0;
      const unsubscribe = probe.subscribe((state) => {
        samples = this.hearProbe(connection, state, samples);
      });
      const end = (): void => {
        unsubscribe();
        probe.close();
      };
      this.entries.set(connection, { kind: "probe", candidateId, probe, end });
    });
  }

  /** Makes a client of a probe's connection. Where that has just ended, the client is lost. */
  promote(connection: number): void {
    const entry = this.entries.get(connection);
    if (entry?.kind !== "probe") return;
    this.entries.delete(connection);
    const { probe, candidateId, end } = entry;
    this.attempt(connection, "clientLost", () => this.addClient(connection, candidateId, probe.promote(), end));
    if (!this.entries.has(connection)) end(Code.CONNECTION_DONE);
  }

  /** Ends a client or a probe, which tells nothing more. */
  close(connection: number, code: CloseCode): void {
    const entry = this.entries.get(connection);
    this.entries.delete(connection);
    entry?.end(code);
  }

  /** Measures the path of a client. */
  ping(connection: number, paddingBytes: number): void {
    const entry = this.entries.get(connection);
    if (entry?.kind !== "client") return;
    entry.client.ping(paddingBytes).then(
      (roundTripMs) => {
        const nowMs = this.settings.clock.now();
        this.owner.dispatch({ case: "clientMeasured", value: { connection, nowMs, roundTripMs } });
      },
      () => {
        // The connection is over, and the machine hears so.
      },
    );
  }

  private addClient(connection: number, candidateId: string, transport?: Transport, endProbe?: Entry["end"]): void {
    const client = this.dialer.createClient(candidateId, transport);
    let before = client.state;
    const hearers = [
      client.subscribe((state) => {
        const previous = before;
        before = state;
        this.hearClient(connection, previous, state);
      }),
      client.on("resumed", (event) => this.owner.told("resumed", event)),
      client.on("channel_lost", (event) => this.owner.told("channel_lost", event)),
    ];
    const end = (code: CloseCode): void => {
      hearers[0]?.();
      client.dispose(code === Code.CHANNEL_DONE ? "ended" : "kept");
      for (const stop of hearers) stop();
      endProbe?.(code);
    };
    this.entries.set(connection, { kind: "client", candidateId, client, end });
    // How it ends is told by its states.
    client.ensureConnected().catch(() => {});
  }

  private hearClient(connection: number, previous: ConnectionState, { state }: ConnectionState): void {
    this.owner.changed();
    const { clock, random } = this.settings;
    if (state.case === "connected" && state.value.liveness.case === "verifying") {
      this.owner.dispatch({ case: "clientDoubted", value: { connection, nowMs: clock.now() } });
    } else if (state.case === "connected" && previous.state.case !== "connected") {
      // Only when the channel is attached, which happens next; whoever carried it before is told first.
      clock.soon(() => {
        if (this.clientState(connection)?.state.case !== "connected") return;
        const value = { connection, nowMs: clock.now(), ...this.expiryOf(state.value) };
        this.owner.dispatch({ case: "clientConnected", value });
      });
    } else if (state.case === "disconnected") {
      const { loss, hint, retry } = state.value;
      const wasHealthy = retry?.failures === 0;
      const facts = { connection, nowMs: clock.now(), unitRandom: random.unit(), wasHealthy };
      const value = { ...facts, ...(loss === undefined ? {} : { loss }), ...(hint === undefined ? {} : { hint }) };
      this.owner.dispatch({ case: "clientLost", value });
    }
  }

  /** The end of a credential counts where another one can be had; else the server's word for it decides. Spec: HOST-17. */
  private expiryOf({ credentialExpiresAtMs }: ConnectionState_Connected): { credentialExpiresAtMs?: number } {
    const isKnown = credentialExpiresAtMs !== undefined && this.settings.credentials.isRenewable;
    return isKnown ? { credentialExpiresAtMs } : {};
  }

  /** @returns How many round trips were told by now. */
  private hearProbe(connection: number, probe: ProbeState, told: number): number {
    this.owner.changed();
    const { clock, random } = this.settings;
    const nowMs = clock.now();
    const trips = roundTripsOf(probe);
    if (probe.state.case === "probed" && trips !== undefined && trips.samples > told) {
      const isActiveDoubted = this.owner.isActiveDoubted();
      const value = { connection, nowMs, roundTripMs: trips.lastMs, isActiveDoubted };
      this.owner.dispatch({ case: "probeAnswered", value });
      return trips.samples;
    }
    if (probe.state.case === "closed") {
      const { retryAfterMs } = probe.state.value;
      const hint =
        retryAfterMs === undefined || retryAfterMs === 0 ? {} : { hint: { afterMs: retryAfterMs, jitterMs: 0 } };
      const value = { connection, nowMs, unitRandom: random.unit(), loss: probeLossOf(probe.state.value), ...hint };
      this.owner.dispatch({ case: "probeFailed", value });
    }
    return told;
  }

  /** Does what may throw; then the connection is lost before it was there. */
  private attempt(connection: number, lost: "clientLost" | "probeFailed", work: () => void): void {
    try {
      work();
    } catch (error) {
      const { clock, random, onError } = this.settings;
      onError(error);
      const value = { connection, nowMs: clock.now(), unitRandom: random.unit(), loss: failedLoss() };
      if (lost === "clientLost") this.owner.dispatch({ case: lost, value: { ...value, wasHealthy: false } });
      else this.owner.dispatch({ case: lost, value });
    }
  }
}

function failedLoss(): ConnectionLoss {
  const message = "the connection could not be made";
  return { reason: ConnectionLossReason.TRANSPORT_FAILED, code: CloseCode.UNSPECIFIED, message };
}
