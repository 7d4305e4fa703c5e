import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createRouteTable } from "../../../src/rpc/route-table.ts";
import { serveChannel } from "../../../src/rpc/serve-channel.ts";
import { EchoService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, type EchoImpl, errorOf, requests, resultOf, stageEcho, watch } from "./support/echo.ts";

describe("options of a route", () => {
  it("runs a gate before the request is read, and what it throws ends the call [CALL-15]", async () => {
    const log: string[] = [];
    const stage = stageEcho({});
    const impl: EchoImpl = {
      say: () => {
        log.push("ran");
        return {};
      },
      async *count() {
        log.push("ran");
        yield {};
      },
    };
    const requestGate = async ({ requestHeader }: HandlerContext): Promise<void> => {
      await Promise.resolve();
      if (requestHeader.get("x-pass") !== "1") throw new ConnectError("who?", Code.Unauthenticated);
    };
    serveChannel(stage.pair.server, (router) => void router.service(EchoService, impl, { requestGate }), {
      clock: stage.clock,
    });
    const errors = [stage.client.say({}), collect(stage.client.count({}))].map((call) => errorOf(stage, call));
    expect((await Promise.all(errors)).map(({ code }) => code)).toEqual([Code.Unauthenticated, Code.Unauthenticated]);
    expect(log).toEqual([]);
    await resultOf(stage, stage.client.say({}, { headers: { "x-pass": "1" } }));
    expect(log).toEqual(["ran"]);
  });

  it("does not run a handler whose call ends at the gate [CALL-10]", async () => {
    let open: () => void = () => {};
    const log: string[] = [];
    const stage = stageEcho({});
    const impl: EchoImpl = {
      join: async () => {
        log.push("ran");
        return {};
      },
    };
    const requestGate = (): Promise<void> =>
      new Promise((resolve) => {
        open = resolve;
      });
    const serve = { clock: stage.clock };
    const served = serveChannel(
      stage.pair.server,
      (router) => void router.service(EchoService, impl, { requestGate }),
      serve,
    );
    const call = watch(stage.client.join(requests("a"), { timeoutMs: 10 }));
    await stage.clock.advanceAsync(20);
    open();
    await stage.clock.settle();
    expect([call.outcome.state, log, served.activeCalls]).toEqual(["rejected", [], 0]);
  });

  it("keeps to limits of messages [CALL-15]", async () => {
    const stage = stageEcho({});
    const impl: EchoImpl = { say: ({ data, count }) => ({ data: new Uint8Array(count || data.length) }) };
    const options = { readMaxBytes: 100, writeMaxBytes: 50 };
    serveChannel(stage.pair.server, (router) => void router.service(EchoService, impl, options), {
      clock: stage.clock,
    });
    const large = await errorOf(stage, stage.client.say({ data: new Uint8Array(101) }));
    expect([large.code, large.rawMessage]).toEqual([
      Code.ResourceExhausted,
      expect.stringContaining("is larger than configured readMaxBytes 100"),
    ]);
    expect((await errorOf(stage, stage.client.say({ count: 60 }))).code).toBe(Code.ResourceExhausted);
    await resultOf(stage, stage.client.say({ count: 40 }));
  });

  it("tells handlers of a shutdown, who may still end well [CALL-15]", async () => {
    const controller = new AbortController();
    const stage = stageEcho({});
    const impl: EchoImpl = {
      say: (_, { signal }) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve({ text: "late" });
          signal.addEventListener("abort", () => resolve({ text: `${signal.reason}` }));
        }),
    };
    const options = { shutdownSignal: controller.signal };
    serveChannel(stage.pair.server, (router) => void router.service(EchoService, impl, options), {
      clock: stage.clock,
    });
    const call = watch(stage.client.say({}));
    await stage.clock.settle();
    controller.abort("closing");
    await stage.clock.settle();
    expect(call.outcome).toMatchObject({ state: "fulfilled", value: { text: "closing" } });
    expect((await resultOf(stage, stage.client.say({}))).text).toBe("late");
  });

  it("lets the interceptors of a service take the place of those of the server [CALL-7]", async () => {
    const log: string[] = [];
    const name = (text: string) => [
      (next: (request: never) => Promise<never>) => (request: never) => {
        log.push(text);
        return next(request);
      },
    ];
    const stage = stageEcho({});
    const table = createRouteTable(
      (router) => {
        router.service(
          EchoService,
          { say: () => ({}), look: () => ({ text: "service" }) },
          { interceptors: name("own") as never },
        );
        router.rpc(EchoService.method.look, () => ({ text: "rpc" }));
      },
      { interceptors: name("all") as never },
    );
    serveChannel(stage.pair.server, table, { clock: stage.clock });
    await resultOf(stage, stage.client.say({}));
    expect((await resultOf(stage, stage.client.look({}))).text).toBe("rpc");
    expect(log).toEqual(["own", "all"]);
  });
});
