import { MoorlineError } from "../wire/moorline-error.ts";

/** Pings that may wait for their pongs at once; one more is refused with OVERLOADED. */
export const MAX_OPEN_PINGS = 64;

interface OpenPing {
  readonly sentAtMs: number;
  readonly resolve: (roundTripMs: number) => void;
  readonly reject: (error: MoorlineError) => void;
}

/** The pings of a client, and who waits for their pongs. */
export class Pings {
  private readonly open = new Map<number, OpenPing>();
  private lastId = 0;

  /** The id of a ping whose pong nobody waits for. */
  takeId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /**
   * Waits for the pong of a ping.
   * @param send Sends the ping with its id.
   * @returns The round trip in milliseconds. Rejects with a MoorlineError: NOT_CONNECTED where the connection ends before.
   */
  wait(nowMs: number, send: (id: number) => void): Promise<number> {
    if (this.open.size >= MAX_OPEN_PINGS) {
      const action = "Wait for the pongs of earlier pings.";
      return Promise.reject(new MoorlineError("OVERLOADED", `${MAX_OPEN_PINGS} pings wait already.`, { action }));
    }
    return new Promise((resolve, reject) => {
      const id = this.takeId();
      this.open.set(id, { sentAtMs: nowMs, resolve, reject });
      send(id);
    });
  }

  /**
   * A pong came. It answers the earlier pings as well: of pings that come together only the last one is answered. One that
   * answers no ping from here, as the late pong of a probe, says nothing.
   */
  ponged(pongId: number, nowMs: number): void {
    if (pongId > this.lastId) return;
    for (const [id, { sentAtMs, resolve }] of this.open) {
      if (id > pongId) continue;
      this.open.delete(id);
      resolve(nowMs - sentAtMs);
    }
  }

  /** The connection is over: nobody answers any more. */
  endAll(): void {
    for (const { reject } of this.open.values()) {
      reject(new MoorlineError("NOT_CONNECTED", "The connection ended before the pong came."));
    }
    this.open.clear();
  }
}
