import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ClientInstance } from "../../../src/client/client-instance.ts";
import { isConnected, lossOf } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import {
  connect,
  phaseNameOf,
  rejectionOf,
  type Stage,
  settle,
  stageAt,
  stageClient,
  steadyRandom,
} from "./support/stage.ts";

/** Two clients of one instance: the older one is given first. */
function stageTwo(options: { readonly redial?: boolean } = {}): { readonly older: Stage; readonly newer: Stage } {
  const instance = new ClientInstance({ random: steadyRandom });
  const older = stageClient({ instance, ...options });
  const newer = { ...older, ...stageAt(older.clock, older.pair, { instance, ...options }) };
  return { older, newer };
}

describe("DaemonClient: two clients of one instance", () => {
  it.each([[false], [true]])(
    "goes on with the channel on the newer one, calls included [ATTEMPT-1, CALL-11, INV-4] %s",
    async (redial) => {
      const { older, newer } = stageTwo({ redial });
      await connect(older);
      const talk = older.client.service(EchoService).talk(endless());
      const messages = talk[Symbol.asyncIterator]();
      await settle(older);
      await connect(newer);
      const [first, second] = older.daemon.hellos;
      expect(second).toMatchObject({ attempt: 2n, resume: { channelId: first?.freshChannelId } });
      expect(second?.client?.instanceId).toBe(first?.client?.instanceId);
      expect(lossOf(older.client.state)?.code).toBe(CloseCode.SUPERSEDED);
      const next = messages.next();
      await settle(older);
      expect((await next).value).toMatchObject({ text: "on and on" });
      older.client.dispose();
      await settle(older);
      expect(isConnected(newer.client.state)).toBe(true);
      expect(newer.client.state.state.case).toBe("connected");
      newer.client.dispose();
      await settle(older);
      expect(older.daemon.connections[1]?.goodbye?.code).toBe(CloseCode.CONNECTION_DONE);
    },
  );

  it("uses only the Welcome of its highest attempt; a late one ends its own connection [ATTEMPT-3, INV-8]", async () => {
    const { older, newer } = stageTwo();
    older.daemon.onHello = () => {};
    const waiting = older.client.ensureConnected();
    await settle(older);
    older.daemon.onHello = (connection) => connection.welcome();
    await connect(newer);
    older.daemon.connections[0]?.answer({
      case: "welcome",
      value: { protocol: 1, server: { epoch: new Uint8Array(16) }, attachment: { channelId: new Uint8Array(16) } },
    });
    const error = await rejectionOf(older, waiting);
    expect(error.code).toBe("SUPERSEDED");
    expect(older.daemon.connections[0]?.close).toBeDefined();
    expect(isConnected(newer.client.state)).toBe(true);
    await older.clock.advanceAsync(20_000);
    expect(older.daemon.connections).toHaveLength(2);
  });

  it("ignores ATTEMPT_STALE for an attempt that is not its highest [ATTEMPT-4]", async () => {
    const { older, newer } = stageTwo();
    older.daemon.onHello = () => {};
    void older.client.ensureConnected().catch(() => {});
    await settle(older);
    const fresh = older.daemon.hellos[0]?.freshChannelId;
    void newer.client.ensureConnected();
    await settle(newer);
    older.daemon.connections[0]?.reject(CloseCode.ATTEMPT_STALE);
    await settle(older);
    expect(phaseNameOf(older)).toBe("disconnected");
    expect(phaseNameOf(newer)).toBe("connecting");
    older.daemon.connections[1]?.welcome();
    await settle(newer);
    expect(isConnected(newer.client.state)).toBe(true);
    expect(older.daemon.hellos[1]?.freshChannelId).toEqual(fresh);
  });

  it("does not lose the channel that a newer hello has asked for [ATTEMPT-4, INV-8]", async () => {
    const { older, newer } = stageTwo();
    const lost: unknown[] = [];
    older.client.on("channel_lost", (event) => lost.push(event));
    newer.client.on("channel_lost", (event) => lost.push(event));
    await connect(older);
    older.daemon.onHello = () => {};
    void newer.client.ensureConnected();
    await settle(newer);
    older.daemon.connections[0]?.goAway(CloseCode.SUPERSEDED);
    await settle(older);
    expect(phaseNameOf(older)).toBe("disconnected");
    older.daemon.connections[1]?.welcome();
    await settle(newer);
    expect(lost).toEqual([]);
    expect(newer.client.state.state.case).toBe("connected");
  });

  it("leaves the instance as it is where the newer one fails before it was accepted [INV-8]", async () => {
    const { older, newer } = stageTwo({ redial: false });
    await connect(older);
    older.daemon.onHello = (connection) => connection.reject(CloseCode.OVERLOADED);
    await rejectionOf(newer, newer.client.ensureConnected());
    newer.client.dispose();
    await settle(older);
    expect(isConnected(older.client.state)).toBe(true);
    const call = older.client.service(EchoService).say({ text: "still here" });
    await settle(older);
    expect((await call).text).toBe("still here");
  });
});

describe("DaemonClient: a client that stops beside one that carries the channel", () => {
  it("leaves the channel to it, also where it redials by itself [INV-8, CLOSE-4]", async () => {
    const { older, newer } = stageTwo({ redial: true });
    await connect(older);
    older.daemon.onHello = (connection) => connection.reject(CloseCode.UNAUTHENTICATED);
    await rejectionOf(newer, newer.client.ensureConnected());
    newer.client.dispose();
    await settle(older);
    const answers: string[] = [];
    void older.client
      .service(EchoService)
      .say({ text: "still here" })
      .then(({ text }) => answers.push(text));
    await settle(older);
    expect(answers).toEqual(["still here"]);
  });
});

async function* endless(): AsyncGenerator<{ text: string }> {
  for (;;) yield { text: "on and on" };
}
