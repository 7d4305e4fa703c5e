import type { Clock, Connection, ConnectionListener, Timer, Transport } from "../../client/index.ts";
import { createFailedConnection } from "../../transport/failed-connection.ts";
import { createState, type Source, type State } from "../model/source.ts";
import { FaultConnection, type PacketTap } from "./fault-connection.ts";
import type { Gate } from "./lane.ts";

/** What is wrong with the network, as far as the console goes. */
export type FaultMode =
  | { readonly kind: "none" }
  /** Everything is held, both ways and dialling too, until an instant of the clock. */
  | { readonly kind: "sleeping"; readonly untilMs: number }
  /** Nothing can be dialled. */
  | { readonly kind: "offline" }
  /** Everything comes later. */
  | { readonly kind: "delayed"; readonly delayMs: number };

/** What the fault transport does at the moment. */
export interface FaultSnapshot {
  readonly mode: FaultMode;
  /** Connections that there are. */
  readonly connections: number;
  /** Those of them that are half open. */
  readonly stalled: number;
}

/** The faults that a person can bring about. Spec: CONSOLE-8. */
export interface FaultControls {
  readonly state: Source<FaultSnapshot>;
  /** Cuts every connection now. */
  readonly cut: () => void;
  /** Has nothing go through any connection from now on, without an end; new ones are well. */
  readonly halfOpen: () => void;
  /** Holds everything for so many milliseconds, then lets it go in order. */
  readonly sleep: (durationMs: number) => void;
  /** Cuts every connection, and refuses new ones. */
  readonly goOffline: () => void;
  /** Has everything come so many milliseconds later. */
  readonly delay: (delayMs: number) => void;
  /** Ends whatever is wrong; half-open connections stay as they are. */
  readonly heal: () => void;
}

/** Options of {@link createFaultTransport}. */
export interface FaultTransportOptions {
  /** What really dials. */
  readonly inner: Transport;
  readonly clock: Clock;
  /** Hears of every packet. Default: nobody does. */
  readonly onPacket?: PacketTap;
}

/** A transport with faults, and what brings them about. */
export interface FaultTransport {
  readonly transport: Transport;
  readonly controls: FaultControls;
}

const CUT = "cut by the console";
const OFFLINE = "the console is offline";

/** Puts faults around a transport. Without any, it is that transport. Spec: CONSOLE-8. */
export function createFaultTransport(options: FaultTransportOptions): FaultTransport {
  const faults = new Faults(options);
  return {
    transport: { name: options.inner.name, dial: (endpoint, listener) => faults.dial(endpoint, listener) },
    controls: {
      state: faults.state,
      cut: () => faults.cut(),
      halfOpen: () => faults.halfOpen(),
      sleep: (durationMs) => faults.sleep(durationMs),
      goOffline: () => faults.goOffline(),
      delay: (delayMs) => faults.enter({ kind: "delayed", delayMs }),
      heal: () => faults.enter({ kind: "none" }),
    },
  };
}

class Faults {
  readonly state: State<FaultSnapshot> = createState<FaultSnapshot>({
    mode: { kind: "none" },
    connections: 0,
    stalled: 0,
  });
  private readonly options: FaultTransportOptions;
  private readonly connections = new Set<FaultConnection>();
  private waking: Timer | undefined;

  constructor(options: FaultTransportOptions) {
    this.options = options;
  }

  dial(endpoint: string, listener: ConnectionListener): Connection {
    const { clock, inner, onPacket = () => {} } = this.options;
    if (this.mode.kind === "offline") return createFailedConnection(listener, OFFLINE, clock);
    const onEnd = (ended: FaultConnection): void => {
      this.connections.delete(ended);
      this.publish();
    };
    const connection = new FaultConnection(
      { clock, inner, onPacket, onEnd, gate: () => this.gate },
      endpoint,
      listener,
    );
    this.connections.add(connection);
    this.publish();
    return connection;
  }

  cut(): void {
    for (const connection of [...this.connections]) connection.cut(CUT);
  }

  halfOpen(): void {
    for (const connection of this.connections) connection.stall();
    this.publish();
  }

  goOffline(): void {
    this.enter({ kind: "offline" });
    this.cut();
  }

  sleep(durationMs: number): void {
    this.enter({ kind: "sleeping", untilMs: this.options.clock.now() + durationMs });
    this.waking = this.options.clock.setTimer(durationMs, () => this.enter({ kind: "none" }));
  }

  enter(mode: FaultMode): void {
    this.waking?.cancel();
    this.publish(mode);
    for (const connection of [...this.connections]) connection.gateChanged();
  }

  private get mode(): FaultMode {
    return this.state.getSnapshot().mode;
  }

  private get gate(): Gate {
    const { mode } = this;
    if (mode.kind === "sleeping") return { kind: "held" };
    return mode.kind === "delayed" ? mode : { kind: "open" };
  }

  private publish(mode: FaultMode = this.mode): void {
    const stalled = [...this.connections].filter(({ isStalled }) => isStalled).length;
    this.state.set({ mode, connections: this.connections.size, stalled });
  }
}
