import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ABNORMAL_CLOSURE } from "./close.ts";
import type { Connection, ConnectionHandler, ConnectionListener } from "./connection.ts";

/** Where a connection is. `closing`: an orderly close was asked for. `aborting`: it was dropped. */
export type ConnectionPhase = "dialing" | "open" | "closing" | "aborting" | "closed";

const SILENT: ConnectionListener = { opened() {}, received() {}, drained() {}, closed() {} };

/**
 * Holds a transport to the rules of the seam: `opened` once and first, `closed` once and last, nothing between the own
 * close and `closed`, and no error of the listener ever gets out. Every connection reports through one.
 */
export class ListenerGuard {
  private listener: ConnectionListener;
  private current: ConnectionPhase;
  private wasOpen: boolean;
  private readonly onThrown: (error: unknown) => void;

  private constructor(phase: "dialing" | "open", listener: ConnectionListener, onThrown: (error: unknown) => void) {
    this.listener = listener;
    this.current = phase;
    this.wasOpen = phase === "open";
    this.onThrown = onThrown;
  }

  /** For a connection that was dialled. `onThrown` hears what the listener throws, to close the connection. */
  static dialing(listener: ConnectionListener, onThrown: (error: unknown) => void): ListenerGuard {
    return new ListenerGuard("dialing", listener, onThrown);
  }

  /** For a connection that a server accepted; {@link ListenerGuard.listen} says who listens. */
  static accepted(onThrown: (error: unknown) => void): ListenerGuard {
    return new ListenerGuard("open", SILENT, onThrown);
  }

  /** Where the connection is. */
  get phase(): ConnectionPhase {
    return this.current;
  }

  /** Asks `handler` who listens to the accepted connection. */
  listen(handler: ConnectionHandler, connection: Connection): void {
    this.attempt(() => {
      this.listener = handler(connection);
    });
  }

  /** The connection can send. */
  open(): void {
    if (this.current !== "dialing") return;
    this.current = "open";
    this.wasOpen = true;
    this.attempt(() => this.listener.opened());
  }

  /** A message came. */
  receive(message: Uint8Array | string): void {
    if (this.current === "open") this.attempt(() => this.listener.received(message));
  }

  /** The buffer has shrunk. */
  drain(): void {
    if (this.current === "open") this.attempt(() => this.listener.drained());
  }

  /** The user closes. @returns whether an orderly close has to be begun. */
  startClosing(): boolean {
    if (this.current !== "open") return false;
    this.current = "closing";
    return true;
  }

  /** The user drops the connection. @returns whether it has to be dropped. */
  startAborting(): boolean {
    if (this.current === "aborting" || this.current === "closed") return false;
    this.current = "aborting";
    return true;
  }

  /** The connection is over, with the peer's code and reason. After an abort the code is 1006. */
  close(code: number, reason: string): void {
    if (this.current === "closed") return;
    const isAborted = this.current === "aborting";
    this.current = "closed";
    const cause = this.wasOpen ? "closed" : "failed";
    const close = { code: isAborted ? ABNORMAL_CLOSURE : code, reason, cause } as const;
    this.attempt(() => this.listener.closed(close));
    this.listener = SILENT;
  }

  private attempt(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.onThrown(error);
    }
  }
}

/** Closes a connection whose listener threw. */
export function closeAfterThrow(connection: Connection): void {
  connection.close(CloseCode.INTERNAL, "the listener of this connection failed");
}
