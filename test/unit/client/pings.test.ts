import { describe, expect, it } from "vitest";
import { Pings } from "../../../src/client/pings.ts";

/** Sends a ping and remembers its round trip. */
function ping(pings: Pings, nowMs: number, trips: string[]): number {
  let sent = 0;
  const trip = pings.wait(nowMs, (id) => {
    sent = id;
  });
  trip.then(
    (ms) => trips.push(`${sent}: ${ms}`),
    (error: { readonly code: string }) => trips.push(`${sent}: ${error.code}`),
  );
  return sent;
}

describe("Pings", () => {
  it("answers the ping of a pong and those before it, not those after it [LIVE-2]", async () => {
    const pings = new Pings();
    const trips: string[] = [];
    const ids = [ping(pings, 0, trips), ping(pings, 10, trips), ping(pings, 20, trips)];
    expect(ids).toEqual([1, 2, 3]);
    pings.ponged(2, 100);
    await Promise.resolve();
    expect(trips).toEqual(["1: 100", "2: 90"]);
    pings.ponged(2, 200);
    pings.ponged(3, 300);
    await Promise.resolve();
    expect(trips).toEqual(["1: 100", "2: 90", "3: 280"]);
  });

  it("ends all where the connection is over, and goes on counting [INV-5]", async () => {
    const pings = new Pings();
    const trips: string[] = [];
    ping(pings, 0, trips);
    pings.endAll();
    await Promise.resolve();
    expect(trips).toEqual(["1: NOT_CONNECTED"]);
    expect(ping(pings, 0, trips)).toBe(2);
    expect(pings.takeId()).toBe(3);
  });
});
