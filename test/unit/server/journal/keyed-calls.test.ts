import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { IdempotencyKeyReusedSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { idempotencyKey } from "../../../../src/rpc/context-keys.ts";
import { ReasonSchema } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { reasonsOf } from "../../rpc/support/echo.ts";
import { encodeRequest, openRaw } from "../../rpc/support/raw-calls.ts";
import { OTHER_KEY } from "../support/hello.ts";
import { ask, connect, stageJournal, TroubledStore, told } from "../support/journal.ts";

describe("a keyed call", () => {
  it("is written down before its handler starts, and its outcome before it is answered [JOURNAL-1]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    const accept = store.hold("accept");
    const call = await ask(stage, client, "k");
    expect(stage.runs).toHaveLength(0);
    accept();
    await stage.clock.settle();
    expect(stage.runs).toHaveLength(1);
    const complete = store.hold("complete");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(call)).toBe("pending");
    complete();
    await stage.clock.settle();
    expect(told(call)).toBe("did it");
    expect(store.calls).toEqual(["purge", "list", "accept", "complete"]);
  });

  it("runs once, however often it is made, on whichever channel [JOURNAL-2]", async () => {
    const stage = stageJournal();
    const [one, two] = [connect(stage, 1), connect(stage, 2)];
    const calls = [await ask(stage, one, "k"), await ask(stage, one, "k"), await ask(stage, two, "k")];
    expect(calls.map(told)).toEqual(["pending", "pending", "pending"]);
    stage.runs[0]?.answer();
    await stage.clock.settle();
    calls.push(await ask(stage, two, "k"), await ask(stage, one, "k"));
    expect(calls.map(told)).toEqual(Array(5).fill("did it"));
    expect(stage.runs).toHaveLength(1);
  });

  it("is answered the same again: status, message, details, headers and trailers [JOURNAL-2]", async () => {
    const stage = stageJournal({
      echo: {
        say: (_, { responseHeader, responseTrailer }) => {
          responseHeader.set("x-header", "h");
          responseTrailer.set("x-trailer", "t");
          throw new ConnectError("not so", Code.FailedPrecondition, { "x-meta": "m" }, [
            { desc: ReasonSchema, value: { why: "because" } },
          ]);
        },
        put: (_, { responseHeader, responseTrailer }) => {
          responseHeader.append("x-header", "h");
          responseTrailer.set("x-trailer", "t");
          return { text: "fine", data: new Uint8Array(9) };
        },
      },
    });
    const client = connect(stage);
    const errors = [told(await ask(stage, client, "a")), told(await ask(stage, client, "a"))] as ConnectError[];
    for (const error of errors) {
      expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "not so" });
      expect(reasonsOf(error)).toEqual(["because"]);
      expect(["x-header", "x-trailer", "x-meta"].map((name) => error.metadata.get(name))).toEqual(["h", "t", "m"]);
    }
    const seen: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const contextValues = createContextValues().set(idempotencyKey, "b");
      const onHeader = (headers: Headers): void => void seen.push(`${headers.get("x-header")}`);
      const onTrailer = (trailers: Headers): void => void seen.push(`${trailers.get("x-trailer")}`);
      const call = client.echo.put({}, { contextValues, onHeader, onTrailer });
      await stage.clock.settle();
      expect(await call).toMatchObject({ text: "fine", data: new Uint8Array(9) });
    }
    expect(seen).toEqual(["h", "t", "h", "t"]);
  });

  it("keeps what a handler throws as INTERNAL, and says nothing of it [JOURNAL-2]", async () => {
    const stage = stageJournal();
    const client = connect(stage);
    const calls = [await ask(stage, client, "k")];
    stage.runs[0]?.fail(new Error("secret"));
    await stage.clock.settle();
    calls.push(await ask(stage, client, "k"));
    for (const call of calls) expect(told(call)).toMatchObject({ code: Code.Internal, rawMessage: "internal error" });
    expect(stage.runs).toHaveLength(1);
  });

  it("runs through its interceptors once [JOURNAL-2]", async () => {
    let passed = 0;
    const stage = stageJournal({
      interceptors: [
        (next) => (request) => {
          passed += 1;
          return next(request);
        },
      ],
    });
    const client = connect(stage);
    const first = await ask(stage, client, "k");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    const second = await ask(stage, client, "k");
    expect([told(first), told(second), passed]).toEqual(["did it", "did it", 1]);
  });
});

describe("a key that is used for another request", () => {
  const detailOf = (error: unknown): string[] =>
    (error as ConnectError).findDetails(IdempotencyKeyReusedSchema).map(({ method }) => method);

  it("is refused, while the first one runs and when it is over [JOURNAL-3]", async () => {
    const stage = stageJournal();
    const client = connect(stage);
    const first = await ask(stage, client, "k");
    const others = [await ask(stage, client, "k", { text: "else" }), await ask(stage, client, "k", { method: "put" })];
    stage.runs[0]?.answer();
    await stage.clock.settle();
    others.push(await ask(stage, client, "k", { text: "else" }), await ask(stage, client, "k", { method: "put" }));
    expect(told(first)).toBe("did it");
    for (const other of others) {
      expect(told(other)).toMatchObject({ code: Code.InvalidArgument });
      expect(detailOf(told(other))).toEqual(["rpctest.v1.EchoService/Say"]);
    }
    expect(stage.runs).toHaveLength(1);
  });

  it("is refused also where both are asked before the journal has answered [JOURNAL-3]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    const go = store.hold("list");
    const [first, other, again] = [
      await ask(stage, client, "k"),
      await ask(stage, client, "k", { text: "else" }),
      await ask(stage, client, "k"),
    ];
    go();
    await stage.clock.settle();
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(other)).toMatchObject({ code: Code.InvalidArgument });
    expect([told(first), told(again)]).toEqual(["did it", "did it"]);
    expect(stage.runs).toHaveLength(1);
  });

  it("is another key in another session [JOURNAL-3]", async () => {
    const stage = stageJournal();
    const [one, other] = [connect(stage, 1), connect(stage, 2, { sessionKey: OTHER_KEY })];
    const calls = [await ask(stage, one, "k"), await ask(stage, other, "k", { text: "else" })];
    for (const run of stage.runs) run.answer();
    await stage.clock.settle();
    expect(calls.map(told)).toEqual(["did it", "did else"]);
  });
});

describe("a call that can have no key", () => {
  it("is refused: a stream, a key that is empty or too long, a request that is none [JOURNAL-4]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const { channel } = connect(stage);
    const message = encodeRequest();
    const raw = [
      openRaw(channel, "Count", { message, last: true, idempotencyKey: "k" }),
      openRaw(channel, "Talk", { message, last: true, idempotencyKey: "k" }),
      openRaw(channel, "Say", { message, last: true, idempotencyKey: "" }),
      openRaw(channel, "Say", { message, last: true, idempotencyKey: "x".repeat(257) }),
      openRaw(channel, "Say", { message: Uint8Array.of(255), last: true, idempotencyKey: "k" }),
    ];
    await stage.clock.settle();
    for (const { closes } of raw) {
      expect(closes).toMatchObject([{ kind: "ended", result: { code: Code.InvalidArgument } }]);
    }
    expect([stage.runs.length, store.calls]).toEqual([0, []]);
    openRaw(channel, "Say", { message, last: true, idempotencyKey: "x".repeat(256) });
    await stage.clock.settle();
    expect(stage.runs).toHaveLength(1);
  });
});
