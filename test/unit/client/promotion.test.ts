import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ClientInstance } from "../../../src/client/client-instance.ts";
import type { DaemonClientOptions } from "../../../src/client/client-options.ts";
import type { Probe } from "../../../src/client/probe.ts";
import { isConnected, lossOf } from "../../../src/client/selectors.ts";
import type { ConnectionClose } from "../../../src/transport/connection.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { ENDPOINT, type NetworkStage, probeAt, stageNetwork } from "./support/probe-stage.ts";
import { linesOf, phaseNameOf, rejectionOf, type Stage, stageAt, stageClient, steadyRandom } from "./support/stage.ts";

const echo = {
  say: ({ text }: { text: string }) => ({ text }),
  async *talk(requests: AsyncIterable<{ text: string }>) {
    for await (const { text } of requests) yield { text };
  },
};

/** A client on what a probe hands over. */
function clientOn(
  stage: NetworkStage,
  probe: Probe,
  options: Partial<DaemonClientOptions> = {},
): ReturnType<typeof stageAt> {
  return stageAt(stage.clock, stage.pair, { transport: probe.promote(), redial: false, ...options });
}

/** A probe that has measured. */
function measured(stage: NetworkStage): Probe {
  const { probe } = probeAt(stage);
  stage.clock.advance(1_000);
  return probe;
}

/** A listener that notes what it hears. */
function createNotes() {
  const heard: string[] = [];
  const listener = {
    opened: () => void heard.push("opened"),
    received: () => void heard.push("received"),
    drained: () => {},
    closed: ({ cause, code }: ConnectionClose) => void heard.push(`${cause} ${code}`),
  };
  return { heard, listener };
}

describe("Probe: promotion", () => {
  it("gives a client the connection that has proved itself [PROBE-11, PROBE-3]", async () => {
    const stage = stageNetwork({ echo });
    const probe = measured(stage);
    const { client } = clientOn(stage, probe);
    const call = client.service(EchoService).say({ text: "on the same connection" });
    await stage.clock.advanceAsync(1_000);
    expect((await call).text).toBe("on the same connection");
    expect(stage.network.links.map(({ id }) => id)).toEqual([1]);
    expect(stage.transitions.find(({ event }) => event === "promoted")).toMatchObject({
      from: "probing",
      to: "attached",
    });
    expect(probe.state.state.case).toBe("promoted");
  });

  it("goes on with the channel of an instance, its calls included, and nothing is lost between [PROBE-11, ATTEMPT-1]", async () => {
    const stage = stageNetwork({ echo });
    const instance = new ClientInstance({ random: steadyRandom });
    const options = { instance, redial: false, transport: stage.transport };
    const before = stageAt(stage.clock, stage.pair, options);
    const texts: string[] = [];
    const more = createQueue();
    void (async () => {
      for await (const { text } of before.client.service(EchoService).talk(more.items())) texts.push(text);
    })();
    more.push("one");
    await stage.clock.advanceAsync(1_000);
    const { probe } = probeAt(stage);
    await stage.clock.advanceAsync(1_000);
    expect(instance.highestAttempt).toBe(1);
    const after = clientOn(stage, probe, { instance });
    void after.client.ensureConnected();
    more.push("two");
    await stage.clock.advanceAsync(1_000);
    more.push("three");
    await stage.clock.advanceAsync(1_000);
    expect(texts).toEqual(["one", "two", "three"]);
    expect(instance.highestAttempt).toBe(2);
    expect(lossOf(before.client.state)?.code).toBe(CloseCode.SUPERSEDED);
    expect(linesOf(after)).toEqual([
      "idle connect_requested connecting",
      "connecting transport_opened connecting",
      "connecting welcomed connected",
    ]);
  });

  it("is not broken by a late pong [PROBE-12]", async () => {
    const stage = stageNetwork();
    const probe = measured(stage);
    stage.network.links[0]?.stall("down", 500);
    probe.measure();
    const { client } = clientOn(stage, probe);
    const before = probe.state;
    const connected = client.ensureConnected();
    await stage.clock.advanceAsync(1_000);
    await connected;
    expect(probe.state).toBe(before);
  });

  it("writes nothing more once it has handed the connection over [PROBE-11]", async () => {
    const stage = stageNetwork();
    const probe = measured(stage);
    const sent: number[] = [];
    stage.network.onMessage = (_, direction, message) => {
      if (direction === "up") sent.push(message.length);
      return message;
    };
    probe.promote();
    probe.measure();
    await stage.clock.advanceAsync(20_000);
    expect(sent).toEqual([]);
  });

  it("may be used from a listener of the probe, which hears of the Welcome [PROBE-11]", async () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage);
    let connected: Promise<void> | undefined;
    probe.subscribe(({ state }) => {
      if (state.case === "probed" && connected === undefined)
        connected = clientOn(stage, probe).client.ensureConnected();
    });
    await stage.clock.advanceAsync(1_000);
    await connected;
    expect(connected).toBeDefined();
    expect(stage.server.metrics.open).toMatchObject({ probing: 0, attached: 1 });
  });

  it("leaves the client with the daemon's reason where the promotion is refused [PROBE-3, PROBE-11]", async () => {
    const stage = stageNetwork();
    const probe = measured(stage);
    const { client } = clientOn(stage, probe, { credential: { bearerToken: "another" } });
    const connected = client.ensureConnected();
    connected.catch(() => {});
    await stage.clock.advanceAsync(1_000);
    expect((await rejectionOf(stage, connected)).code).toBe("PROTOCOL_VIOLATION");
    expect(stage.network.links).toEqual([]);
  });

  it("is possible while the probe is probed only [PROBE-11]", () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage);
    expect(() => probe.promote()).toThrow(MoorlineError);
    stage.clock.advance(1_000);
    probe.promote();
    expect(() => probe.promote()).toThrow(/NOT_CONNECTED/);
    probe.close();
    const closed = measured(stage);
    closed.close();
    expect(() => closed.promote()).toThrow(/NOT_CONNECTED/);
  });
});

describe("Probe: a promoted transport", () => {
  it("tells that it is open later, not inside the dial [PROBE-11]", () => {
    const stage = stageNetwork();
    const { heard, listener } = createNotes();
    measured(stage).promote().dial(ENDPOINT, listener);
    expect(heard).toEqual([]);
    stage.clock.advance(0);
    expect(heard).toEqual(["opened"]);
  });

  it("has one connection to give, and to one address [PROBE-11]", () => {
    const stage = stageNetwork();
    const transport = measured(stage).promote();
    const [elsewhere, first, second] = [createNotes(), createNotes(), createNotes()];
    transport.dial("ws://127.0.0.1:7421/", elsewhere.listener);
    transport.dial(ENDPOINT, first.listener);
    transport.dial(ENDPOINT, second.listener);
    stage.clock.advance(0);
    expect([elsewhere.heard, first.heard, second.heard]).toEqual([["failed 1006"], ["opened"], ["failed 1006"]]);
  });

  it("fails where the connection has ended before the dial, or before it was told [PROBE-11]", () => {
    const stage = stageNetwork();
    const [ended, ending] = [measured(stage).promote(), measured(stage).promote()];
    const [first, second] = [createNotes(), createNotes()];
    stage.network.links[0]?.cut({ clientToldMs: 0 });
    stage.clock.advance(10);
    ended.dial(ENDPOINT, first.listener);
    ending.dial(ENDPOINT, second.listener).abort();
    stage.clock.advance(10);
    expect([first.heard, second.heard]).toEqual([["failed 1006"], ["failed 1006"]]);
    stage.clock.advance(1_000);
    expect(stage.server.metrics.open.probing).toBe(0);
  });

  it("is closed with the probe where nobody has dialled it, and only then [PROBE-11]", async () => {
    const stage = stageNetwork();
    const [unused, used] = [measured(stage), measured(stage)];
    const transport = unused.promote();
    const { client } = clientOn(stage, used);
    void client.ensureConnected();
    unused.close();
    used.close();
    await stage.clock.advanceAsync(1_000);
    expect(stage.server.metrics.open).toMatchObject({ probing: 0, attached: 1 });
    expect(isConnected(client.state)).toBe(true);
    const { heard, listener } = createNotes();
    transport.dial(ENDPOINT, listener);
    stage.clock.advance(0);
    expect(heard).toEqual(["failed 1006"]);
  });

  it("closes the connection of a client that is disposed before it was told [PROBE-11, INV-5]", async () => {
    const stage = stageNetwork();
    const { client } = clientOn(stage, measured(stage));
    void client.ensureConnected().catch(() => {});
    client.dispose();
    await stage.clock.advanceAsync(1_000);
    expect(stage.server.metrics.open).toMatchObject({ probing: 0, attached: 0 });
  });

  it("closes with 4100 where its listener throws, like any transport [PROBE-11]", () => {
    const stage = stageNetwork();
    const { heard, listener } = createNotes();
    const broken = () => {
      throw new Error("broken");
    };
    measured(stage)
      .promote()
      .dial(ENDPOINT, { ...listener, opened: broken });
    stage.clock.advance(5_000);
    expect(heard).toEqual(["closed 4100"]);
  });
});

describe("Probe: what the daemon says meanwhile", () => {
  it("waits with a ping of the daemon until the answer to the hello is there [PROBE-12, LIVE-2]", async () => {
    const { stage, client, probe } = stagePromotion();
    stage.daemon.onHello = (connection) => {
      connection.ping(8);
      connection.ping(9);
      connection.send({ case: undefined });
      connection.welcome();
    };
    const connected = client().ensureConnected();
    await stage.clock.advanceAsync(10);
    await connected;
    expect(stage.daemon.connection.kinds).toEqual(["hello", "ping", "hello", "pong"]);
    expect(stage.daemon.connection.packets.at(-1)?.body.value).toMatchObject({ id: 9 });
    expect(probe.state.state.case).toBe("promoted");
  });

  it("answers no ping of the client by a late pong [PROBE-12]", async () => {
    const { stage, client } = stagePromotion();
    stage.daemon.onHello = (connection) => connection.welcome();
    const next = client();
    const connected = next.ensureConnected();
    await stage.clock.advanceAsync(10);
    await connected;
    const { connection } = stage.daemon;
    connection.goDeaf();
    const roundTrips: number[] = [];
    void next.ping().then((ms) => roundTrips.push(ms));
    connection.send({ case: "pong", value: { id: 2 ** 32 + 1, padding: new Uint8Array(0) } });
    await stage.clock.advanceAsync(10);
    expect(roundTrips).toEqual([]);
    connection.send({ case: "pong", value: { id: 1, padding: new Uint8Array(0) } });
    await stage.clock.advanceAsync(10);
    expect(roundTrips).toHaveLength(1);
  });

  it("tells the client of a go_away that came before it was told that it is open [PROBE-12]", async () => {
    const { stage, client } = stagePromotion();
    const next = client();
    stage.daemon.connection.send({
      case: "goAway",
      value: { code: CloseCode.DAEMON_DRAINING, message: "bye", hint: undefined, channelLoss: 0 },
    });
    await stage.clock.advanceAsync(0);
    const connected = next.ensureConnected();
    expect((await rejectionOf(stage, connected)).code).toBe("DAEMON_DRAINING");
  });

  it("breaks the handshake where it sends frames, as on any connection [PROBE-12]", async () => {
    const { stage, client } = stagePromotion();
    stage.daemon.onHello = (connection) => connection.send({ case: "frames", value: { first: 1, frames: [] } });
    const next = client();
    const connected = next.ensureConnected();
    connected.catch(() => {});
    await stage.clock.advanceAsync(10);
    expect((await rejectionOf(stage, connected)).code).toBe("PROTOCOL_VIOLATION");
  });
});

/** A scripted daemon whose probe has measured, and a client of what it hands over. */
function stagePromotion() {
  const stage: Stage = stageClient();
  stage.daemon.onHello = (connection) => connection.welcomeProbe();
  const { probe } = probeAt({ clock: stage.clock, transport: stage.pair.transport });
  stage.clock.advance(10);
  expect(phaseNameOf(stage)).toBe("idle");
  expect(probe.state.state.case).toBe("probed");
  const client = () => stageAt(stage.clock, stage.pair, { transport: probe.promote(), redial: false }).client;
  return { stage, probe, client };
}

/** Items that a test gives, one by one. */
function createQueue() {
  const waiting: string[] = [];
  let wake = (): void => {};
  return {
    push(text: string): void {
      waiting.push(text);
      wake();
    },
    async *items(): AsyncGenerator<{ text: string }> {
      for (;;) {
        const text = waiting.shift();
        if (text !== undefined) yield { text };
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
