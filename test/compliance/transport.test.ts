import { describe, it } from "vitest";
import { createFaultTransport } from "../../src/console/faults/fault-transport.ts";
import type { Clock } from "../../src/core/clock.ts";
import { createGrpcTransport } from "../../src/node/grpc-transport.ts";
import {
  describeTransport,
  SimulatedClock,
  SimulatedNetwork,
  SimulatedRandom,
  type TransportHarness,
} from "../../src/testing/index.ts";
import type { Connection, Transport } from "../../src/transport/connection.ts";
import { createMemoryPair } from "../../src/transport/memory.ts";
import { systemClock } from "../../src/transport/system-clock.ts";
import { createWebSocketTransport } from "../../src/transport/web-socket.ts";
import { createWsTransport } from "../../src/transport/ws-client.ts";
import { createGrpcHarness } from "../support/grpc-harness.ts";
import { createSocketHarness } from "../support/socket-harness.ts";

const tests = { describe, it };

describeTransport(tests, "ws", () => createSocketHarness(createWsTransport()));

describeTransport(tests, "platform WebSocket", () => createSocketHarness(createWebSocketTransport()));

describeTransport(tests, "gRPC", () => createGrpcHarness(createGrpcTransport()), ["sendText"]);

describeTransport(tests, "memory", async () => createMemoryHarness(systemClock), ["silent", "sendText"]);

describeTransport(
  tests,
  "memory in simulated time",
  async () => {
    const clock = new SimulatedClock();
    const until = (predicate: () => boolean, limitMs: number) => clock.runUntilAsync(predicate, limitMs);
    return { ...createMemoryHarness(clock), until };
  },
  ["silent", "sendText"],
);

describeTransport(tests, "simulated network", async () => createSimulatedHarness());

describeTransport(tests, "platform WebSocket with the console's faults, and none of them", () => {
  const { transport } = createFaultTransport({ inner: createWebSocketTransport(), clock: systemClock });
  return createSocketHarness(transport);
});

function createMemoryHarness(clock: Clock): TransportHarness {
  const accepting = createMemoryPair(clock);
  const refusing = createMemoryPair(clock);
  const transport: Transport = {
    name: "memory",
    dial: (endpoint, listener) =>
      (endpoint === "memory:refused" ? refusing : accepting).transport.dial(endpoint, listener),
  };
  const [endpoint, refusedEndpoint] = ["memory:accepted", "memory:refused"];
  return { transport, endpoint, refusedEndpoint, clock, accept: accepting.accept, close: async () => {} };
}

function createSimulatedHarness(): TransportHarness {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, random: new SimulatedRandom(1) });
  const server = network.host("server");
  network.host("silent").listen("ws://silent", () => {
    network.links.at(-1)?.stall("up");
    return { opened() {}, received() {}, drained() {}, closed() {} };
  });
  let last: Connection | undefined;
  return {
    transport: network.host("client").transport,
    endpoint: "ws://server",
    refusedEndpoint: "ws://nobody",
    accept(handler) {
      server.listen("ws://server", (connection) => {
        last = connection;
        return handler(connection);
      });
    },
    sendText(text) {
      network.onMessage = () => text;
      last?.send(Uint8Array.of(1));
    },
    silent: { endpoint: "ws://silent", floodBytes: 200_000, read: () => network.heal() },
    clock,
    until: async (predicate, limitMs) => clock.runUntil(predicate, limitMs),
    close: async () => {},
  };
}
