import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { createFrame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { isConnected } from "../../../src/client/selectors.ts";
import { createChannelTransport } from "../../../src/rpc/channel-transport.ts";
import { waitForReady } from "../../../src/rpc/context-keys.ts";
import { createServiceClient } from "../../../src/rpc/service-client.ts";
import { serveRoutes } from "../../../src/serve/index.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { connect, rejectionOf, type Stage, settle, stageClient, steadyRandom } from "./support/stage.ts";

/** What a call failed with by now. */
async function failureOf(stage: Stage, call: Promise<unknown>): Promise<ConnectError> {
  const failure = call.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );
  let settled: unknown = new Error("it is still pending");
  void failure.then((error) => {
    settled = error;
  });
  await settle(stage);
  if (settled instanceof ConnectError) return settled;
  throw settled;
}

function lossOf(
  error: ConnectError,
): { readonly reason: ChannelLossReason; readonly outcome: CallOutcome } | undefined {
  const [detail] = error.findDetails(ChannelLostSchema);
  return detail && { reason: detail.reason, outcome: detail.outcome };
}

const CLIENT_STOPPED = { reason: ChannelLossReason.CLIENT_STOPPED, outcome: CallOutcome.NOT_SENT };

describe("DaemonClient: calls", () => {
  it("dials for the first call, which waits for the connection [CALL-13]", async () => {
    const stage = stageClient();
    const call = stage.client.service(EchoService).say({ text: "first" });
    await settle(stage);
    expect((await call).text).toBe("first");
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("fails a call at once that may not wait, and dials all the same [CALL-13]", async () => {
    const stage = stageClient();
    const contextValues = createContextValues().set(waitForReady, false);
    const error = await failureOf(stage, stage.client.service(EchoService).say({}, { contextValues }));
    expect(error.code).toBe(Code.Unavailable);
    expect(lossOf(error)?.outcome).toBe(CallOutcome.NOT_SENT);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("has its clients of services live as long as it does, over connections and channels [CALL-11]", async () => {
    const stage = stageClient();
    const echo = stage.client.service(EchoService);
    for (const text of ["one", "two", "three"]) {
      const call = echo.say({ text });
      await settle(stage);
      expect((await call).text).toBe(text);
      if (text === "two") stage.daemon.restart();
      stage.daemon.connection.connection.abort();
      await stage.clock.advanceAsync(3_000);
    }
    expect(stage.daemon.connections).toHaveLength(4);
  });

  it("lets calls go on over a lost connection, none lost and none twice [CALL-11, INV-1]", async () => {
    const stage = stageClient();
    await connect(stage);
    const numbers: number[] = [];
    const stream = stage.client.service(EchoService).talk(ticks(stage, 20));
    const reading = (async () => {
      for await (const { text } of stream) numbers.push(Number(text));
    })();
    for (let cut = 0; cut < 5; cut += 1) {
      await stage.clock.advanceAsync(1_500);
      stage.daemon.connection.connection.abort();
    }
    await stage.clock.advanceAsync(10_000);
    await reading;
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(stage.daemon.connections.length).toBe(6);
  });

  it("ends calls whose channel is lost, and says what is known of their effect [CALL-12]", async () => {
    const stage = stageClient();
    await connect(stage);
    const sent = stage.client.service(EchoService).talk(ticks(stage, 100));
    const first = sent[Symbol.asyncIterator]();
    await stage.clock.advanceAsync(2_000);
    await first.next();
    stage.daemon.restart();
    stage.daemon.connection.connection.abort();
    await settle(stage);
    const waiting = stage.client.service(EchoService).say({});
    waiting.catch(() => {});
    const lost: unknown[] = [];
    stage.client.on("channel_lost", (event) => lost.push(event));
    await stage.clock.advanceAsync(1_000);
    expect(lost).toEqual([{ reason: ChannelLossReason.EPOCH_CHANGED, calls: 2 }]);
    const reason = ChannelLossReason.EPOCH_CHANGED;
    expect(lossOf(await failureOf(stage, waiting))).toEqual({ reason, outcome: CallOutcome.NOT_SENT });
    expect(lossOf(await failureOf(stage, drain(first)))).toEqual({ reason, outcome: CallOutcome.UNKNOWN });
  });

  it.each([
    ["STOP", CloseCode.PROTOCOL_UNSUPPORTED],
    ["ASK_USER", CloseCode.UNAUTHENTICATED],
  ])(
    "ends all calls where the verdict is %s, also those made after it, until somebody connects [CALL-17]",
    async (_, code) => {
      const stage = stageClient();
      stage.daemon.onHello = (connection) => connection.reject(code);
      const echo = stage.client.service(EchoService);
      const waiting = echo.say({}, { timeoutMs: 0 });
      const error = await failureOf(stage, waiting);
      expect(error.code).toBe(Code.Unavailable);
      expect(lossOf(error)).toEqual(CLIENT_STOPPED);
      expect(lossOf(await failureOf(stage, echo.say({})))).toEqual(CLIENT_STOPPED);
      expect(lossOf(await failureOf(stage, echo.look({})))).toEqual(CLIENT_STOPPED);
      stage.daemon.onHello = (connection) => connection.welcome();
      await connect(stage);
      const call = echo.say({ text: "again" });
      await settle(stage);
      expect((await call).text).toBe("again");
    },
  );

  it("ends all calls where it is disposed, also those made after it [CALL-17, INV-5]", async () => {
    const stage = stageClient();
    await connect(stage);
    const echo = stage.client.service(EchoService);
    const running = drain(echo.talk(ticks(stage, 100))[Symbol.asyncIterator]());
    await settle(stage);
    stage.client.dispose();
    expect(lossOf(await failureOf(stage, running))?.reason).toBe(ChannelLossReason.CLIENT_STOPPED);
    expect(lossOf(await failureOf(stage, echo.say({})))).toEqual(CLIENT_STOPPED);
    expect(lossOf(await failureOf(stage, stage.client.service(EchoService).look({})))).toEqual(CLIENT_STOPPED);
    expect((await rejectionOf(stage, stage.client.ensureConnected())).code).toBe("DISPOSED");
  });

  it("gives unary calls 60 s by default, or as it is told, and streams no deadline [DEADLINE-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = () => {};
    const call = failureAt(stage, stage.client.service(EchoService).say({}));
    await stage.clock.advanceAsync(60_000);
    expect(await call).toEqual([60_000, Code.DeadlineExceeded]);
    const hasty = stageClient({ defaultTimeoutMs: 700 });
    hasty.daemon.onHello = () => {};
    const hastyCall = failureAt(hasty, hasty.client.service(EchoService).say({}));
    await hasty.clock.advanceAsync(60_000);
    expect(await hastyCall).toEqual([700, Code.DeadlineExceeded]);
  });

  it("keeps to what the daemon can take, for calls that wait as well [WELCOME-5, CALL-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.welcome({ limits: { maxMessageBytes: 100n } });
    await connect(stage);
    const error = await failureOf(stage, stage.client.service(EchoService).say({ text: "x".repeat(200) }));
    expect(error.code).toBe(Code.ResourceExhausted);
  });

  it("counts what it does not know, over all connections and channels, and goes on [PACKET-6, FRAME-5, CALL-3]", async () => {
    const stage = stageClient();
    await connect(stage);
    for (let round = 1; round <= 2; round += 1) {
      const { connection } = stage.daemon.connection;
      stage.daemon.connection.goDeaf();
      // A field 15 that nobody knows; then a frame for call 2 without a body, twice.
      connection.send(Uint8Array.of(0x7a, 0x00));
      const frames = { first: 1, frames: [createFrame({ callId: 2 })] };
      for (let copy = 0; copy < 2; copy += 1) stage.daemon.connection.send({ case: "frames", value: frames });
      await settle(stage);
      expect(isConnected(stage.client.state)).toBe(true);
      expect(stage.client.metrics).toEqual({
        unknownPackets: round,
        unknownFrames: round,
        duplicateFrames: round,
        lateFrames: 0,
        heldBytes: 0,
      });
      stage.daemon.restart();
      connection.abort();
      await stage.clock.advanceAsync(2_000);
    }
  });

  it("goes through interceptors [CALL-7]", async () => {
    const methods: string[] = [];
    const stage = stageClient({
      interceptors: [
        (next) => (request) => {
          methods.push(request.method.name);
          return next(request);
        },
      ],
    });
    const call = stage.client.service(EchoService).say({});
    await settle(stage);
    await call;
    expect(methods).toEqual(["Say"]);
  });

  it("serves its own services to the daemon, on every channel [CALL-1]", async () => {
    const stage = stageClient({
      routes: serveRoutes(
        (router) => void router.service(EchoService, { say: ({ text }) => ({ text: `client says ${text}` }) }),
      ),
    });
    await connect(stage);
    expect(await askClient(stage)).toBe("client says hello");
    stage.daemon.restart();
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(await askClient(stage)).toBe("client says hello");
  });

  it("answers UNIMPLEMENTED where it serves nothing [CALL-15]", async () => {
    const stage = stageClient();
    await connect(stage);
    await expect(askClient(stage)).rejects.toMatchObject({ code: Code.Unimplemented });
    expect(isConnected(stage.client.state)).toBe(true);
  });
});

/** The daemon calls the client. */
async function askClient(stage: Stage): Promise<string> {
  const { channel } = stage.daemon.connection;
  if (channel === undefined) throw new Error("there is no channel");
  const transport = createChannelTransport({ channel, clock: stage.clock, random: steadyRandom });
  const answer = createServiceClient(EchoService, transport).say({ text: "hello" });
  answer.catch(() => {});
  await settle(stage);
  return (await answer).text;
}

async function drain(messages: AsyncIterator<unknown>): Promise<void> {
  while ((await messages.next()).done !== true);
}

async function failureAt(stage: Stage, call: Promise<unknown>): Promise<readonly [atMs: number, code: Code]> {
  try {
    await call;
  } catch (error) {
    return [stage.clock.now(), ConnectError.from(error).code];
  }
  throw new Error("it did not fail");
}

/** A request every 500 ms. */
async function* ticks({ clock }: Stage, count: number): AsyncGenerator<{ text: string }> {
  for (let number = 0; number < count; number += 1) {
    await new Promise<void>((resolve) => void clock.setTimer(500, resolve));
    yield { text: String(number) };
  }
}
