import { describe, expect, it } from "vitest";
import { createFaultTransport, type FaultTransport } from "../../../src/console/faults/fault-transport.ts";
import { ConnectionRecorder, createMemoryPair, SimulatedClock } from "../../../src/testing/index.ts";
import type { Connection } from "../../../src/transport/connection.ts";

const ENDPOINT = "memory:daemon";

interface Side {
  readonly connection: Connection;
  readonly heard: ConnectionRecorder;
}

interface Stage extends FaultTransport {
  readonly clock: SimulatedClock;
  readonly packets: Array<readonly [direction: string, bytes: number]>;
  /** What the daemon has accepted, the oldest first. */
  readonly accepted: Side[];
  dial(): Side;
  /** Dials, and lets it open. */
  open(): { readonly client: Side; readonly server: Side };
}

/** Faults between a client and a daemon, in simulated time. */
function stage(): Stage {
  const clock = new SimulatedClock();
  const pair = createMemoryPair(clock);
  const accepted: Side[] = [];
  const packets: Stage["packets"] = [];
  pair.accept((connection) => {
    const heard = new ConnectionRecorder();
    accepted.push({ connection, heard });
    return heard;
  });
  const onPacket = (direction: string, packet: Uint8Array): void => void packets.push([direction, packet.length]);
  const faults = createFaultTransport({ inner: pair.transport, clock, onPacket });
  const dial = (): Side => {
    const heard = new ConnectionRecorder();
    return { connection: faults.transport.dial(ENDPOINT, heard), heard };
  };
  return {
    ...faults,
    ...{ clock, packets, accepted, dial },
    open() {
      const client = dial();
      clock.advance(0);
      return { client, server: accepted.at(-1) as Side };
    },
  };
}

function bytesOf({ heard }: Side): number[] {
  return heard.messages.map((message) => (message as Uint8Array)[0] ?? -1);
}

describe("the fault transport: without a fault", () => {
  it("is the transport under it, and shows every packet [CONSOLE-8]", () => {
    const { open, clock, packets, transport, controls } = stage();
    const { client, server } = open();
    client.connection.send(Uint8Array.of(1));
    server.connection.send(Uint8Array.of(2, 2));
    clock.advance(0);
    expect([transport.name, bytesOf(server), bytesOf(client)]).toEqual(["memory", [1], [2]]);
    expect(packets).toEqual([
      ["sent", 1],
      ["received", 2],
    ]);
    expect(controls.state.getSnapshot()).toEqual({ mode: { kind: "none" }, connections: 1, stalled: 0 });
  });
});

describe("the fault transport: cut", () => {
  it("ends every connection at both ends at once, and lets new ones through [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const [one, other] = [open(), open()];
    controls.cut();
    clock.advance(0);
    for (const { client, server } of [one, other]) {
      expect(client.heard.closes[0]).toMatchObject({ code: 1006, cause: "closed", reason: "cut by the console" });
      expect(server.heard.closes[0]).toMatchObject({ code: 1006 });
    }
    expect(controls.state.getSnapshot().connections).toBe(0);
    expect(open().client.heard.has("opened")).toBe(true);
  });

  it("ends a connection that is half-open [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const { client } = open();
    controls.halfOpen();
    controls.cut();
    clock.advance(0);
    expect(client.heard.closes[0]?.code).toBe(1006);
  });
});

describe("the fault transport: half-open", () => {
  it("lets nothing through either way, and tells nobody [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const { client, server } = open();
    controls.halfOpen();
    client.connection.send(Uint8Array.of(1));
    server.connection.send(Uint8Array.of(2));
    server.connection.close(1000, "");
    clock.advance(60_000);
    expect([bytesOf(server), bytesOf(client), client.heard.closes[0]]).toEqual([[], [], undefined]);
    expect(controls.state.getSnapshot()).toMatchObject({ connections: 1, stalled: 1 });
  });

  it("lets the client give it up, and has new ones be well [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const { client } = open();
    controls.halfOpen();
    client.connection.close(1000, "");
    clock.advance(2_000);
    expect(client.heard.closes[0]?.code).toBe(1006);
    const next = open();
    next.client.connection.send(Uint8Array.of(3));
    clock.advance(0);
    expect(bytesOf(next.server)).toEqual([3]);
    expect(controls.state.getSnapshot()).toMatchObject({ connections: 1, stalled: 0 });
  });
});

describe("the fault transport: sleeping", () => {
  it("holds everything, dialling too, and lets it go in order [CONSOLE-8]", () => {
    const { open, dial, clock, controls, accepted } = stage();
    const { client, server } = open();
    controls.sleep(5_000);
    for (const byte of [1, 2, 3]) client.connection.send(Uint8Array.of(byte));
    server.connection.send(Uint8Array.of(4));
    const second = dial();
    clock.advance(4_999);
    expect([bytesOf(server), bytesOf(client), accepted.length]).toEqual([[], [], 1]);
    expect([second.heard.has("opened"), client.connection.bufferedBytes]).toEqual([false, 3]);
    clock.advance(2);
    expect([bytesOf(server), bytesOf(client), accepted.length]).toEqual([[1, 2, 3], [4], 2]);
    expect([second.heard.has("opened"), client.connection.bufferedBytes]).toEqual([true, 0]);
    expect(client.heard.has("drained")).toBe(true);
    expect(controls.state.getSnapshot().mode).toEqual({ kind: "none" });
  });

  it("wakes early where it is healed, and not again later [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const { client, server } = open();
    controls.sleep(5_000);
    client.connection.send(Uint8Array.of(1));
    controls.heal();
    clock.advance(0);
    controls.goOffline();
    clock.advance(10_000);
    expect([bytesOf(server), controls.state.getSnapshot().mode]).toEqual([[1], { kind: "offline" }]);
  });
});

describe("the fault transport: offline", () => {
  it("cuts what there is and refuses what is dialled, until it is healed [CONSOLE-8]", () => {
    const { open, dial, clock, controls } = stage();
    const { client } = open();
    controls.goOffline();
    const refused = dial();
    clock.advance(0);
    expect(client.heard.closes[0]?.code).toBe(1006);
    expect(refused.heard.closes[0]).toMatchObject({ cause: "failed", reason: "the console is offline" });
    controls.heal();
    expect(open().client.heard.has("opened")).toBe(true);
  });
});

describe("the fault transport: delayed", () => {
  it("has everything come later, in order, and at once when it is healed [CONSOLE-8]", () => {
    const { open, clock, controls } = stage();
    const { client, server } = open();
    controls.delay(300);
    client.connection.send(Uint8Array.of(1));
    clock.advance(100);
    client.connection.send(Uint8Array.of(2));
    clock.advance(199);
    expect(bytesOf(server)).toEqual([]);
    clock.advance(1);
    expect(bytesOf(server)).toEqual([1]);
    controls.heal();
    client.connection.send(Uint8Array.of(3));
    clock.advance(0);
    expect(bytesOf(server)).toEqual([1, 2, 3]);
  });
});
