import { describe, it } from "vitest";
import type { TransportHarness } from "../../src/testing/index.ts";
import { describeTransport, SimulatedClock, SimulatedNetwork, SimulatedRandom } from "../../src/testing/index.ts";
import { createMemoryPair } from "../../src/transport/memory.ts";
import { systemClock } from "../../src/transport/system-clock.ts";
import { createWebSocketTransport } from "../../src/transport/web-socket.ts";
import { createWsTransport } from "../../src/transport/ws-client.ts";
import { createSocketHarness } from "../support/socket-harness.ts";

const tests = { describe, it };

describeTransport(tests, "ws", () => createSocketHarness(createWsTransport()));

describeTransport(tests, "platform WebSocket", () => createSocketHarness(createWebSocketTransport()));

describeTransport(tests, "memory", async () => {
  const { transport, accept } = createMemoryPair(systemClock);
  const refusing = createMemoryPair(systemClock);
  const dial: typeof transport.dial = (endpoint, listener) =>
    (endpoint === "memory:refused" ? refusing : { transport }).transport.dial(endpoint, listener);
  return {
    transport: { name: transport.name, dial },
    ...{ endpoint: "memory:server", refusedEndpoint: "memory:refused", accept },
    close: async () => {},
  };
});

describeTransport(tests, "memory on simulated time", async () => {
  const clock = new SimulatedClock();
  const { transport, accept } = createMemoryPair(clock);
  const refusing = createMemoryPair(clock);
  const dial: typeof transport.dial = (endpoint, listener) =>
    (endpoint === "memory:refused" ? refusing : { transport }).transport.dial(endpoint, listener);
  return {
    transport: { name: transport.name, dial },
    ...{ endpoint: "memory:server", refusedEndpoint: "memory:refused", accept, clock },
    until: (predicate, limitMs) => clock.runUntilAsync(predicate, limitMs),
    close: async () => {},
  };
});

describeTransport(tests, "simulated network", async () => createSimulatedHarness());

function createSimulatedHarness(): TransportHarness {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, random: new SimulatedRandom(1) });
  const server = network.host("server");
  const client = network.host("client");
  const silent = network.host("silent");
  silent.listen("ws://silent", () => {
    const link = network.links.at(-1);
    link?.stall("up");
    return { opened() {}, received() {}, drained() {}, closed() {} };
  });
  return {
    transport: client.transport,
    endpoint: "ws://server",
    refusedEndpoint: "ws://nobody",
    accept: (handler) => void server.listen("ws://server", handler),
    silent: { endpoint: "ws://silent", floodBytes: 200_000, read: () => network.heal() },
    clock,
    until: async (predicate, limitMs) => clock.runUntil(predicate, limitMs),
    close: async () => {},
  };
}
