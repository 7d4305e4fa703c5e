import { describe, expect, it } from "vitest";
import { faults, SimulatedClock, SimulatedNetwork, SimulatedRandom, startFaults } from "../../../src/testing/index.ts";
import type { Connection, ConnectionListener } from "../../../src/transport/connection.ts";

const ENDPOINT = "ws://daemon.example/";

/** A client that redials 100 ms after each end and sends a number each 20 ms; a server that checks their order. */
function runWorld(seed: number, minutes: number) {
  const random = new SimulatedRandom(seed);
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, random: random.fork() });
  const client = network.host("client");
  const server = network.host("server");
  const received: number[][] = [];
  server.listen(ENDPOINT, () => {
    const mine: number[] = [];
    received.push(mine);
    return listener({ received: (message) => mine.push((message as Uint8Array)[0] ?? 0) });
  });
  let isStopped = false;
  const dial = (): void => {
    let count = 0;
    const send = (connection: Connection): void => {
      if (count >= 200 || isStopped) connection.close(1000, "");
      connection.send(Uint8Array.of(count++));
      if (count <= 200) client.clock.setTimer(20, () => send(connection));
    };
    const redial = (): void => void (isStopped || client.clock.setTimer(100, dial));
    const connection = client.transport.dial(ENDPOINT, listener({ opened: () => send(connection), closed: redial }));
    client.clock.setTimer(10_000, () => connection.abort());
  };
  dial();
  const schedule = startFaults({ network, clock, random: random.fork() });
  clock.advance(minutes * 60_000);
  schedule.stop();
  isStopped = true;
  clock.advance(200_000);
  return { network, received, history: network.history };
}

function listener(more: Partial<ConnectionListener>): ConnectionListener {
  return { opened() {}, received() {}, drained() {}, closed() {}, ...more };
}

describe("startFaults", () => {
  it("never breaks what a network promises: each connection delivers a start of what was sent, in order", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { network, received } = runWorld(seed, 2);
      expect(network.thrown).toEqual([]);
      expect(received.length).toBeGreaterThan(5);
      for (const values of received) expect(values).toEqual(values.map((_, index) => index));
    }
  });

  it("plays the same again for the same seed", () => {
    const [first, second] = [runWorld(5, 1), runWorld(5, 1)];
    expect([first.received, first.history]).toEqual([second.received, second.history]);
    expect(first.history).not.toEqual(runWorld(6, 1).history);
  });

  it("leads to every kind of fault, and takes those of the world too", () => {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork({ clock, random: new SimulatedRandom(1), historyLength: 10_000 });
    const struck: string[] = [];
    const kinds = { ...faults, restart: () => void struck.push("restart") };
    const schedule = startFaults({ network, clock, random: new SimulatedRandom(2), kinds });
    clock.advance(100_000);
    schedule.stop();
    const afterStop = network.history.length;
    clock.advance(100_000);
    expect([struck.length > 0, network.history.length]).toEqual([true, afterStop]);
    for (const name of Object.keys(kinds)) expect(network.history.some((line) => line.endsWith(name))).toBe(true);
  });
});
