import type { ProbeEffect, ProbeEvent, ProbeState } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import type { LogEntry } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import { type ProbeConfig, probeMachine, startProbe } from "../machine/probe.ts";
import { createTransition } from "../machine/transition-log.ts";
import type { Transport } from "../transport/connection.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { ProbeEventInit } from "./probe-connection.ts";
import { type ProbeOptions, type ProbeSettings, resolveProbeOptions } from "./probe-options.ts";
import { ProbePerformer } from "./probe-performer.ts";
import { isProbeOver, probedServerOf } from "./probe-selectors.ts";
import { PromotedConnection } from "./promoted-connection.ts";
import { createPromotedTransport } from "./promoted-transport.ts";

/**
 * Makes a probe, which dials at once: it measures the path to a daemon and touches no session, channel or client instance.
 * @throws MoorlineError SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT,
 *   SERVER_ID_MALFORMED, OPTION_INVALID. Spec: PROBE, KEY-4.
 */
export function createProbe(options: ProbeOptions): Probe {
  return new Probe(resolveProbeOptions(options));
}

/** One connection that measures its path, and may become that of a DaemonClient. Made by {@link createProbe}. Spec: PROBE-6 to PROBE-12. */
export class Probe {
  private readonly settings: ProbeSettings;
  private readonly runner: Runner<ProbeState, ProbeEvent, ProbeEffect, ProbeConfig>;
  private readonly connection: PromotedConnection;
  private readonly promoted: Transport;
  /** The daemon, for the log: the one that is meant, or the one that answered. */
  private serverId: string;

  /** @param settings Options that were checked. */
  constructor(settings: ProbeSettings) {
    const { clock, config, endpoint, transport } = settings;
    this.settings = settings;
    this.serverId = settings.expectedServerId;
    this.connection = new PromotedConnection(clock);
    this.promoted = createPromotedTransport(this.connection, { name: transport.name, endpoint, clock });
    const performer = new ProbePerformer(settings, this.connection, {
      dispatch: (event) => this.dispatch(event),
      logged: (entry) => this.log(entry),
      failed: (error) => this.report(error),
    });
    const start = startProbe({ ...settings, nowMs: clock.now() }, config);
    this.runner = new Runner(probeMachine, config, performer, start.state);
    this.runner.start(start.effects);
  }

  /** The state of the probe; the same object until something changes. What it means, selectors say. */
  get state(): ProbeState {
    return this.runner.getSnapshot();
  }

  /** Calls `listener` with each new state, until the function that comes back is called. */
  subscribe(listener: (state: ProbeState) => void): () => void {
    return this.runner.subscribe(listener);
  }

  /** Measures the path once more; the state will have the round trip. Does nothing while it is measured, or cannot be. */
  measure(): void {
    if (this.state.state.case !== "probed") return;
    this.dispatch({ case: "measureRequested", value: { nowMs: this.settings.clock.now() } });
  }

  /**
   * Hands the open connection over. The probe writes nothing more on it, and what still comes for it changes nothing.
   * @returns A transport whose first dial, to the same endpoint, gives the connection: for a DaemonClient with the same session
   *   key and credential and `redial: false`. Every further dial fails.
   * @throws MoorlineError NOT_CONNECTED where the probe was not welcomed, was handed over before, or is over. Spec: PROBE-11.
   */
  promote(): Transport {
    const nowMs = this.settings.clock.now();
    const { state } = this.state;
    if (state.case !== "probed" || nowMs >= state.value.expiresAtMs) {
      const action = "Promote a probe while its state is `probed`; make a new probe after that.";
      throw new MoorlineError("NOT_CONNECTED", "The probe has no connection to hand over.", { action });
    }
    this.dispatch({ case: "promoteRequested", value: { nowMs } });
    return this.promoted;
  }

  /** Ends the probe: says goodbye, or closes a connection that was handed over and that nobody has dialled. */
  close(): void {
    if (!isProbeOver(this.state)) this.dispatch({ case: "closeRequested", value: {} });
    this.connection.discard();
  }

  private dispatch(event: ProbeEventInit): void {
    this.runner.dispatch({ event });
  }

  private log(entry: LogEntry<ProbeState, ProbeEvent>): void {
    this.serverId = probedServerOf(entry.to)?.serverId ?? this.serverId;
    const { sessionRef, clock, onTransition } = this.settings;
    onTransition(
      createTransition(probeMachine, entry, { serverId: this.serverId, sessionRef, wallMs: clock.wallNow() }),
    );
  }

  private report(error: unknown): void {
    try {
      this.settings.onError(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}
