import { Code, ConnectError, createContextKey, createContextValues, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { SessionService } from "../../../gen/moorline/session/v1/service_pb.ts";
import { idempotencyKey } from "../../../src/rpc/context-keys.ts";
import { serveChannel } from "../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../src/rpc/service-client.ts";
import { type CallSession, callSession } from "../../../src/server/index.ts";
import { EchoService, NobodyService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { CallClient } from "./support/call-client.ts";
import { type DaemonStage, identity, SERVER_ID, stageDaemon } from "./support/daemon.ts";
import { idOf, OTHER_KEY } from "./support/hello.ts";

/** What a promise was rejected with, after some time has passed. */
async function errorOf(stage: DaemonStage, promise: Promise<unknown>, ms = 500): Promise<ConnectError> {
  const caught = promise.then(
    () => new Error("it was not rejected"),
    (error: unknown) => error,
  );
  await stage.clock.advanceAsync(ms);
  return ConnectError.from(await caught);
}

/** The client serves the echo service to its daemon. */
function serveEcho(
  { channel }: CallClient,
  { clock }: DaemonStage,
  impl: Partial<ServiceImpl<typeof EchoService>>,
): void {
  serveChannel(channel, (router) => void router.service(EchoService, impl), { clock });
}

const never = (): Promise<never> => new Promise(() => {});

describe("a handler", () => {
  it("reaches the session of its call, and the values of the session [SESSION-8]", async () => {
    const visits = createContextKey(0);
    const seen: CallSession[] = [];
    const stage = stageDaemon({
      echo: {
        say(_, { values }) {
          const session = values.get(callSession) as CallSession;
          seen.push(session);
          session.values.set(visits, session.values.get(visits) + 1);
          return { number: session.values.get(visits) };
        },
      },
    });
    const say = async (client: CallClient): Promise<number> => {
      const answer = client.echo.say({});
      await stage.clock.advanceAsync(10);
      return (await answer).number;
    };
    const [one, two, other] = [new CallClient(stage, 1), new CallClient(stage, 2), new CallClient(stage, 3)];
    const connection = one.connect();
    two.connect();
    other.connect({ sessionKey: OTHER_KEY });
    expect([await say(one), await say(one), await say(two), await say(other)]).toEqual([1, 2, 3, 1]);
    expect(seen[0]).toMatchObject({
      ref: connection.welcome?.sessionRef,
      principal: "owner",
      channelId: Buffer.from(idOf(1)).toString("base64url"),
    });
    expect(seen[0]).toBe(seen[1]);
  });

  it("calls services of its client, also over a cut [CALL-1, CALL-11]", async () => {
    const stage = stageDaemon({
      echo: {
        async say({ text }, { values }) {
          const answer = await values
            .get(callSession)
            ?.client(EchoService)
            .say({ text: `${text} of the client` });
          return { text: `the client says ${answer?.text}` };
        },
      },
    });
    const client = new CallClient(stage);
    serveEcho(client, stage, { say: ({ text }) => ({ text: text.toUpperCase() }) });
    const first = client.connect();
    const call = client.echo.say({ text: "name" });
    await stage.clock.settle();
    first.connection.abort();
    await stage.clock.advanceAsync(100);
    client.connect();
    await stage.clock.advanceAsync(100);
    expect((await call).text).toBe("the client says NAME OF THE CLIENT");
  });

  it("that throws, waits for ever or ignores its cancellation harms nobody else [CALL-15]", async () => {
    const stage = stageDaemon({
      echo: {
        say: () => {
          throw new Error("a secret of the handler");
        },
        look: never,
        put: () => ({ text: "fine" }),
      },
    });
    const client = new CallClient(stage);
    const connection = client.connect();
    const hanging = client.echo.look({}, { timeoutMs: 100 });
    hanging.catch(() => {});
    expect(await errorOf(stage, client.echo.say({}))).toMatchObject({
      code: Code.Internal,
      rawMessage: "internal error",
    });
    expect(await errorOf(stage, hanging)).toMatchObject({ code: Code.DeadlineExceeded });
    const answer = client.echo.put({});
    await stage.clock.advanceAsync(10);
    expect((await answer).text).toBe("fine");
    expect(connection.close).toBeUndefined();
  });

  it("does not exist for an unknown service or method [CALL-15]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    const connection = client.connect();
    const unknown = createServiceClient(NobodyService, client.transport).say({});
    expect(await errorOf(stage, unknown)).toMatchObject({ code: Code.Unimplemented });
    expect(await errorOf(stage, client.echo.say({}))).toMatchObject({ code: Code.Unimplemented });
    expect(connection.close).toBeUndefined();
  });

  it("does not run for a keyed call: there is no journal [CALL-14]", async () => {
    let runs = 0;
    const stage = stageDaemon({
      echo: {
        say: () => {
          runs += 1;
          return {};
        },
      },
    });
    const client = new CallClient(stage);
    client.connect();
    const contextValues = createContextValues().set(idempotencyKey, "once");
    expect(await errorOf(stage, client.echo.say({}, { contextValues }))).toMatchObject({ code: Code.Unimplemented });
    expect(runs).toBe(0);
  });

  it("is wrapped by the interceptors of the options, which the session service is not [CALL-7]", async () => {
    const stage = stageDaemon({
      echo: { say: () => ({}) },
      interceptors: [
        () => () => {
          throw new ConnectError("never", Code.Aborted);
        },
      ],
    });
    const client = new CallClient(stage);
    client.connect();
    expect(await errorOf(stage, client.echo.say({}))).toMatchObject({ code: Code.Aborted });
    const described = createServiceClient(SessionService, client.transport).describe({});
    await stage.clock.advanceAsync(10);
    expect((await described).server?.serverId).toBe(SERVER_ID);
  });
});

describe("a channel that is lost", () => {
  it("ends its calls at both ends, once, and tells of them [CHM-4, CALL-12, SESSION-8]", async () => {
    const reasons: unknown[] = [];
    const stage = stageDaemon({
      echo: {
        say: (_, { signal }) => {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          return never();
        },
        look: async (_, { values }) => {
          await values.get(callSession)?.client(EchoService).say({});
          return {};
        },
      },
      limits: { session: { replayMs: 1_000 } },
    });
    const client = new CallClient(stage);
    const connection = client.connect();
    serveEcho(client, stage, { say: never });
    for (const call of [client.echo.say({}), client.echo.look({})]) call.catch(() => {});
    await stage.clock.settle();
    connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    const [reason] = reasons as ConnectError[];
    expect(reasons).toHaveLength(1);
    expect(reason?.findDetails(ChannelLostSchema)).toMatchObject([{ reason: ChannelLossReason.CHANNEL_EXPIRED }]);
    const unknown = { outcome: CallOutcome.UNKNOWN };
    expect(stage.events.at(-1)).toMatchObject({
      kind: "channel_lost",
      calls: [
        { method: "rpctest.v1.EchoService/Say", role: "callee", ...unknown },
        { method: "rpctest.v1.EchoService/Look", role: "callee", ...unknown },
        { method: "rpctest.v1.EchoService/Say", role: "caller", ...unknown },
      ],
    });
  });
});

describe("SessionService on a channel", () => {
  const serviceOf = (client: CallClient) => createServiceClient(SessionService, client.transport);

  it("describes the daemon [SESSION-6]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    const { welcome } = client.connect();
    const described = serviceOf(client).describe({});
    await stage.clock.advanceAsync(10);
    expect(await described).toMatchObject({
      server: { serverId: SERVER_ID, name: "test", version: "1.2.3", epoch: welcome?.server?.epoch },
      identityKey: identity.publicKey,
      protocol: { min: 1, max: 1 },
    });
  });

  it("cannot attach another connection [CALL-15]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    client.connect();
    const attached = serviceOf(client)
      .attach((async function* () {})())
      [Symbol.asyncIterator]();
    expect(await errorOf(stage, attached.next())).toMatchObject({ code: Code.Unimplemented });
  });

  it("ends the session after its answer: channels, connections, key [SESSION-5, SESM-1, SESM-3, SRV-3]", async () => {
    const stage = stageDaemon({ echo: { say: never } });
    const [client, other, foreign] = [new CallClient(stage, 1), new CallClient(stage, 2), new CallClient(stage, 3)];
    const connections = [client.connect(), other.connect(), foreign.connect({ sessionKey: OTHER_KEY })];
    other.echo.say({}).catch(() => {});
    const ended = serviceOf(client).end({});
    await stage.clock.advanceAsync(1_000);
    await ended;
    expect(connections.map(({ farewellCode }) => farewellCode)).toEqual([4503, 4503, undefined]);
    expect(stage.events.filter(({ kind }) => kind === "channel_lost")).toMatchObject([
      { reason: ChannelLossReason.SESSION_ENDED },
      { reason: ChannelLossReason.SESSION_ENDED, calls: [{ method: "rpctest.v1.EchoService/Say" }] },
    ]);
    const again = stage.greet({ freshChannelId: idOf(9) });
    expect(again.attachment.resumption).toBe(Resumption.NEW_SESSION);
    expect(stage.server.metrics.sessions.active).toBe(2);
  });

  it("answers first, also a client that comes back for the answer [SESSION-5]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    const first = client.connect();
    const ended = serviceOf(client).end({});
    await stage.clock.settle();
    first.connection.abort();
    await stage.clock.advanceAsync(500);
    expect(stage.server.metrics.sessions.active).toBe(1);
    const second = client.connect();
    await stage.clock.advanceAsync(500);
    await ended;
    expect(second.farewellCode).toBe(4503);
  });

  it("goes without a client that ends its channel before it acknowledges [SESSION-5]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    const connection = client.connect();
    serviceOf(client)
      .end({})
      .catch(() => {});
    await stage.clock.settle();
    connection.goodbye(CloseCode.CHANNEL_DONE);
    await stage.clock.advanceAsync(100);
    expect(stage.server.metrics.sessions).toEqual({ active: 0, idle: 0 });
  });

  it("waits 2 s for a client that does not acknowledge [SESSION-5]", async () => {
    const stage = stageDaemon();
    const client = new CallClient(stage);
    const connection = client.connect();
    serviceOf(client)
      .end({})
      .catch(() => {});
    await stage.clock.settle();
    connection.connection.abort();
    await stage.clock.advanceAsync(1_999);
    expect(stage.server.metrics.sessions.active).toBe(1);
    await stage.clock.advanceAsync(20);
    expect(stage.server.metrics.sessions).toEqual({ active: 0, idle: 0 });
  });
});
