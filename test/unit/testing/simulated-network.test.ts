import { describe, expect, it } from "vitest";
import { ConnectionRecorder } from "../../../src/testing/connection-recorder.ts";
import {
  SimulatedClock,
  SimulatedNetwork,
  type SimulatedNetworkOptions,
  SimulatedRandom,
} from "../../../src/testing/index.ts";
import type { Connection } from "../../../src/transport/connection.ts";

const ENDPOINT = "ws://daemon.example/";
type Accepted = { readonly connection: Connection; readonly heard: ConnectionRecorder };

function createWorld(options: Partial<SimulatedNetworkOptions> = {}) {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({
    clock,
    random: new SimulatedRandom(1),
    latencyMs: 10,
    jitterMs: 0,
    ...options,
  });
  const client = network.host("client");
  const accepted: Accepted[] = [];
  const serve = () => {
    const server = network.host("server");
    server.listen(ENDPOINT, (connection) => {
      const heard = new ConnectionRecorder();
      accepted.push({ connection, heard });
      return heard;
    });
    return server;
  };
  const server = serve();
  const dial = (endpoint = ENDPOINT): Accepted => {
    const heard = new ConnectionRecorder();
    return { connection: client.transport.dial(endpoint, heard), heard };
  };
  return { clock, network, client, server, serve, accepted, dial };
}

/** A world with one open connection. */
function createOpenWorld(options: Partial<SimulatedNetworkOptions> = {}) {
  const world = createWorld(options);
  const near = world.dial();
  world.clock.advance(20);
  const [far] = world.accepted as [Accepted];
  const [link] = world.network.links;
  if (link === undefined) throw new Error("no link");
  return { ...world, near, far, link };
}

const message = (value: number): Uint8Array => Uint8Array.of(value);

describe("SimulatedNetwork: delivery", () => {
  it("opens after one way to the server and one back, and delivers after one way", () => {
    const { clock, accepted, dial } = createWorld();
    const { connection, heard } = dial();
    clock.advance(10);
    expect([accepted.length, heard.calls]).toEqual([1, []]);
    clock.advance(10);
    expect(heard.calls).toEqual(["opened"]);
    connection.send(message(1));
    clock.advance(9);
    expect(accepted[0]?.heard.messages).toEqual([]);
    clock.advance(1);
    expect(accepted[0]?.heard.messages).toEqual([message(1)]);
  });

  it("keeps the order of each direction under jitter", () => {
    const { clock, accepted, dial } = createWorld({ jitterMs: 500 });
    const { connection } = dial();
    clock.advance(2_000);
    const sent = Array.from({ length: 100 }, (_, index) => message(index));
    for (const packet of sent) connection.send(packet);
    clock.advance(5_000);
    expect(accepted[0]?.heard.messages).toEqual(sent);
  });

  it("lets bytes leave at the speed of the line, and says drained as they do", () => {
    const { clock, near } = createOpenWorld({ bytesPerMs: 10 });
    near.connection.send(new Uint8Array(500));
    near.connection.send(new Uint8Array(500));
    expect(near.connection.bufferedBytes).toBe(1_000);
    clock.advance(50);
    expect([near.connection.bufferedBytes, near.heard.calls]).toEqual([500, ["opened", "drained"]]);
    clock.advance(50);
    expect(near.connection.bufferedBytes).toBe(0);
  });

  it("refuses where nobody listens, and where it is told to", () => {
    const { clock, network, dial } = createWorld();
    const nobody = dial("ws://nobody.example");
    network.setDialing(ENDPOINT, "refuse");
    const refused = dial();
    clock.advance(100);
    expect(nobody.heard.closes[0]).toEqual({
      code: 1006,
      reason: "nobody listens at ws://nobody.example/",
      cause: "failed",
    });
    expect(refused.heard.closes[0]?.cause).toBe("failed");
    network.setDialing(ENDPOINT, "normal");
    const third = dial("ws://DAEMON.example");
    clock.advance(100);
    expect(third.heard.calls).toEqual(["opened"]);
  });

  it("lets a dial hang until it is aborted, and leaves nothing behind", () => {
    const { clock, network, accepted, dial } = createWorld();
    network.setDialing(ENDPOINT, "hang");
    const { connection, heard } = dial();
    clock.advance(60_000);
    expect(heard.calls).toEqual([]);
    connection.abort();
    clock.advance(100);
    expect([heard.closes[0]?.cause, accepted.length, network.links.length]).toEqual(["failed", 0, 0]);
  });

  it("forgets connections that are over", () => {
    const { clock, network, near } = createOpenWorld();
    near.connection.close(4000, "");
    clock.advance(1_000);
    expect([network.links.length, clock.pending]).toEqual([0, 0]);
  });

  it("keeps what listeners throw for the test to see", () => {
    const { clock, network, client } = createWorld();
    const heard = new ConnectionRecorder({
      opened() {
        throw new Error("broken");
      },
    });
    client.transport.dial(ENDPOINT, heard);
    clock.advance(100);
    expect(network.thrown).toEqual([new Error("broken")]);
    expect(heard.calls).toEqual(["opened", "closed"]);
  });
});

describe("SimulatedNetwork: cuts", () => {
  it("keeps a random start of what is in flight and loses the rest, differently for each seed", () => {
    const counts = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      const { clock, near, far, link } = createOpenWorld({ random: new SimulatedRandom(seed) });
      for (let value = 0; value < 5; value++) near.connection.send(message(value));
      clock.advance(5);
      link.cut();
      clock.advance(1_000);
      const received = far.heard.messages.length;
      expect(far.heard.messages).toEqual([0, 1, 2, 3, 4].slice(0, received).map(message));
      expect(near.heard.closes.map(({ code }) => code)).toEqual([1006]);
      expect(far.heard.closes.map(({ code }) => code)).toEqual([1006]);
      counts.add(received);
    }
    expect([...counts].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("tells each side when it is told to, or never", () => {
    const { clock, near, far, link } = createOpenWorld();
    link.cut({ clientToldMs: 5, serverToldMs: 30_000 });
    clock.advance(5);
    expect([near.heard.has("closed"), far.heard.has("closed")]).toEqual([true, false]);
    clock.advance(30_000);
    expect(far.heard.has("closed")).toBe(true);
    const world = createOpenWorld();
    world.link.cut({ clientToldMs: "never", serverToldMs: "never" });
    world.near.connection.send(message(1));
    world.clock.advance(3_600_000);
    expect([world.near.heard.has("closed"), world.far.heard.has("closed")]).toEqual([false, false]);
  });

  it("delivers late on the old connection what was held back, when there is a newer one", () => {
    const { clock, near, far, link, accepted, dial } = createOpenWorld();
    near.connection.send(message(1));
    clock.advance(1);
    link.delay("up", 5_000);
    link.cut({ clientToldMs: 0, serverToldMs: 8_000, inFlight: "kept" });
    clock.advance(0);
    expect(near.heard.has("closed")).toBe(true);
    dial();
    clock.advance(100);
    expect([accepted.length, far.heard.messages]).toEqual([2, []]);
    clock.advance(5_000);
    expect([far.heard.messages, far.heard.has("closed")]).toEqual([[message(1)], false]);
    clock.advance(3_000);
    expect(far.heard.has("closed")).toBe(true);
  });

  it("delivers what was in flight when its sender aborts, and then the end", () => {
    const { clock, near, far } = createOpenWorld();
    near.connection.send(message(1));
    clock.advance(1);
    near.connection.send(message(2));
    near.connection.abort();
    clock.advance(100);
    expect(far.heard.messages).toEqual([message(1)]);
    expect(far.heard.closes.map(({ code }) => code)).toEqual([1006]);
  });
});

describe("SimulatedNetwork: half-open and slow connections", () => {
  it("drops one direction without telling anybody, while the other works", () => {
    const { clock, near, far, link } = createOpenWorld();
    link.drop("up");
    near.connection.send(message(1));
    far.connection.send(message(2));
    clock.advance(60_000);
    expect([far.heard.messages, near.heard.messages]).toEqual([[], [message(2)]]);
    expect([far.heard.has("closed"), near.heard.has("closed")]).toEqual([false, false]);
    near.connection.close(4000, "");
    clock.advance(2_000);
    expect([near.heard.closes[0]?.code, far.heard.has("closed")]).toEqual([1006, false]);
  });

  it("keeps bytes in the buffer of a stalled direction, and sends them when it moves again", () => {
    const { clock, near, far, link } = createOpenWorld();
    near.connection.send(message(1));
    clock.advance(1);
    link.stall("up", 500);
    near.connection.send(new Uint8Array(100));
    clock.advance(400);
    expect([far.heard.messages.length, near.connection.bufferedBytes]).toEqual([1, 100]);
    clock.advance(200);
    expect([far.heard.messages.length, near.connection.bufferedBytes]).toEqual([2, 0]);
    expect(near.heard.calls).toEqual(["opened", "drained", "drained"]);
  });

  it("lets nothing overtake what is delayed", () => {
    const { clock, near, far, link } = createOpenWorld();
    near.connection.send(message(1));
    clock.advance(1);
    link.delay("up", 1_000);
    near.connection.send(message(2));
    clock.advance(900);
    expect(far.heard.messages).toEqual([]);
    clock.advance(200);
    expect(far.heard.messages).toEqual([message(1), message(2)]);
  });
});

describe("SimulatedNetwork: processes", () => {
  it("delivers to a sleeping process when it wakes, in order, the end last", () => {
    const { clock, client, near, far } = createOpenWorld();
    client.sleep(5_000);
    far.connection.send(message(1));
    far.connection.send(message(2));
    far.connection.close(4000, "");
    clock.advance(4_000);
    expect(near.heard.calls).toEqual(["opened"]);
    clock.advance(1_000);
    expect(near.heard.messages).toEqual([message(1), message(2)]);
    expect(near.heard.closes[0]?.code).toBe(4000);
  });

  it("ends a process with all its sockets: a told peer hears it at once", () => {
    const { clock, server, serve, near, far, dial } = createOpenWorld();
    server.clock.setTimer(50, () => expect.unreachable("a dead process has no timers"));
    server.crash();
    far.connection.send(message(1));
    clock.advance(100);
    expect(near.heard.calls).toEqual(["opened", "closed"]);
    expect(far.heard.calls).toEqual([]);
    const refused = dial();
    clock.advance(100);
    expect(refused.heard.closes[0]?.cause).toBe("failed");
    serve();
    const again = dial();
    clock.advance(100);
    expect(again.heard.calls).toEqual(["opened"]);
  });

  it("tells a peer that was not told as soon as it sends", () => {
    const { clock, server, near } = createOpenWorld();
    server.crash(false);
    clock.advance(60_000);
    expect(near.heard.calls).toEqual(["opened"]);
    near.connection.send(message(1));
    clock.advance(100);
    expect(near.heard.calls.at(-1)).toBe("closed");
  });

  it("refuses two living processes of one name, and gives a dead one no network", () => {
    const { clock, network, client, accepted } = createWorld();
    expect(() => network.host("client")).toThrow(/lives already/);
    client.crash();
    const heard = new ConnectionRecorder();
    client.transport.dial(ENDPOINT, heard);
    clock.advance(100);
    expect([heard.calls, accepted.length]).toEqual([[], 0]);
  });
});

describe("SimulatedNetwork: onMessage", () => {
  it("sees every message with its direction, and changes, multiplies and drops", () => {
    const { clock, network, near, far } = createOpenWorld();
    const seen: unknown[] = [];
    network.onMessage = (link, direction, bytes) => {
      seen.push([link.id, direction, bytes]);
      if (direction === "down") return "text";
      const value = bytes instanceof Uint8Array ? bytes[0] : undefined;
      if (value === 1) return undefined;
      return value === 2 ? [bytes, bytes] : message(33);
    };
    for (const value of [1, 2, 3]) near.connection.send(message(value));
    far.connection.send(message(4));
    clock.advance(100);
    expect(far.heard.messages).toEqual([message(2), message(2), message(33)]);
    expect(near.heard.messages).toEqual(["text"]);
    expect(seen).toEqual([
      [1, "up", message(1)],
      [1, "down", message(4)],
      [1, "up", message(2)],
      [1, "up", message(3)],
    ]);
  });
});

describe("SimulatedNetwork: history", () => {
  it("has the latest events, oldest first, with their instants", () => {
    const { clock, network, near, link } = createOpenWorld({ historyLength: 4 });
    near.connection.send(message(1));
    network.note("and now a cut");
    link.cut({ clientToldMs: 1, serverToldMs: 1 });
    clock.advance(5);
    expect(network.history).toMatchInlineSnapshot(`
      [
        "        21.0 ms  link 1: down reset",
        "        21.0 ms  link 1: over at client",
        "        21.0 ms  link 1: up reset",
        "        21.0 ms  link 1: over at server",
      ]
    `);
  });
});

describe("SimulatedNetwork: speed", () => {
  it("makes the connections of one address slower, those that are open too", () => {
    const { clock, network, near, far, link } = createOpenWorld();
    network.setSpeed(ENDPOINT, { latencyMs: 100 });
    near.connection.send(message(1));
    clock.advance(99);
    expect([link.endpoint, far.heard.messages.length]).toEqual([ENDPOINT, 0]);
    clock.advance(1);
    expect(far.heard.messages.length).toBe(1);
  });
});
