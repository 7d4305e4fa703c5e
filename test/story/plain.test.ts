import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import {
  type AuthenticateRequest,
  type CallSession,
  callSession,
  createMemorySessionStore,
} from "../../src/server/index.ts";
import {
  echoOf,
  KEY,
  type PortOptions,
  PROTOCOLS,
  refusalOf,
  stagePort,
  transportOf,
  withKey,
} from "../support/port-stage.ts";
import { createSelfSigned } from "../support/self-signed.ts";

const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options?: PortOptions) {
  const stage = await stagePort(options);
  closers.push(() => stage.close());
  return stage;
}

/** Lets in `Bearer NAME` as the principal NAME. */
const byName = ({ credential }: AuthenticateRequest) =>
  credential === undefined
    ? ({ rejected: "UNAUTHENTICATED" } as const)
    : { principal: credential.token, credentialId: credential.token };

describe("a plain RPC", () => {
  it.each(PROTOCOLS)("is served over %s, with the key in its header [HTTP-1, HTTP-3]", async (protocol) => {
    const stage = await start();
    expect(await echoOf(stage, protocol).say({ text: "hello" }, withKey())).toMatchObject({ text: "hello!" });
  });

  it.each(["connect-1", "connect-2", "grpc", "grpc-web-1"] as const)(
    "is served with TLS over %s, chosen by ALPN [HTTP-2]",
    async (protocol) => {
      const stage = await start({ where: { tls: createSelfSigned() } });
      expect(await echoOf(stage, protocol, "https").say({ text: "hello" }, withKey())).toMatchObject({
        text: "hello!",
      });
    },
  );

  it.each(PROTOCOLS)(
    "without or with a malformed key gets the typed rejection over %s [HTTP-4, HTTP-5]",
    async (protocol) => {
      const stage = await start();
      const echo = echoOf(stage, protocol);
      expect(await refusalOf(echo.say({}))).toEqual([Code.InvalidArgument, "SESSION_KEY_MISSING"]);
      expect(await refusalOf(echo.say({}, withKey("short")))).toEqual([Code.InvalidArgument, "SESSION_KEY_MALFORMED"]);
      expect(stage.server.sessions.list()).toEqual([]);
      expect([...stage.server.metrics.rejected]).toEqual([
        [4405, 1],
        [4406, 1],
      ]);
    },
  );

  it("streams, also both ways [HTTP-3]", async () => {
    const stage = await start({
      echo: {
        async *count({ count }) {
          for (let number = 1; number <= count; number += 1) yield { number };
        },
        async *talk(requests) {
          for await (const { text } of requests) yield { text };
        },
      },
    });
    const numbers: number[] = [];
    for await (const { number } of echoOf(stage, "connect-1").count({ count: 3 }, withKey())) numbers.push(number);
    expect(numbers).toEqual([1, 2, 3]);
    const texts: string[] = [];
    const asked = (async function* () {
      yield { text: "a" };
      yield { text: "b" };
    })();
    for await (const { text } of echoOf(stage, "grpc").talk(asked, withKey())) texts.push(text);
    expect(texts).toEqual(["a", "b"]);
  });

  it("is judged by the credential hook, as hellos are [HTTP-6, AUTH-4]", async () => {
    const asked: AuthenticateRequest[] = [];
    const stage = await start({
      authenticate: (request) => {
        asked.push(request);
        return byName(request);
      },
    });
    const echo = echoOf(stage, "grpc");
    expect(await refusalOf(echo.say({}, withKey()))).toEqual([Code.Unauthenticated, "UNAUTHENTICATED"]);
    expect(await refusalOf(echo.say({}, withKey(KEY, { authorization: "Basic eDp5" })))).toEqual([
      Code.Unauthenticated,
      "UNAUTHENTICATED",
    ]);
    await echo.say({}, withKey(KEY, { authorization: "Bearer ada" }));
    expect(asked.at(-1)).toMatchObject({ credential: { kind: "bearer", token: "ada" } });
    expect(JSON.stringify(asked.at(-1)?.connection)).not.toContain(KEY);
    expect(asked.at(-1)?.connection.remoteAddress).toBe("127.0.0.1");
  });

  it("with the key of another principal is refused, and changes nothing [HTTP-6, SESSION-1]", async () => {
    const stage = await start({ authenticate: byName });
    const echo = echoOf(stage, "connect-2");
    await echo.say({}, withKey(KEY, { authorization: "Bearer ada" }));
    const foreign = echo.say({}, withKey(KEY, { authorization: "Bearer bob" }));
    expect(await refusalOf(foreign)).toEqual([Code.PermissionDenied, "PERMISSION_DENIED"]);
    expect(stage.server.sessions.list()).toMatchObject([{ principal: "ada" }]);
  });

  it("creates the session of its key, idle, and sees it [HTTP-7]", async () => {
    const seen: Array<CallSession | undefined> = [];
    const headers: Headers[] = [];
    const stage = await start({
      echo: {
        say(_request, { values, requestHeader }) {
          seen.push(values.get(callSession));
          headers.push(requestHeader);
          return {};
        },
      },
    });
    const echo = echoOf(stage, "grpc");
    await echo.say({}, withKey(KEY, { authorization: "Bearer secret-of-a-test" }));
    await echo.say({}, withKey());
    const [session] = stage.server.sessions.list();
    expect(session).toMatchObject({ phase: "idle", principal: "owner", channels: [] });
    expect(stage.server.sessions.list()).toHaveLength(1);
    expect(seen[0]).toMatchObject({ ref: session?.ref, principal: "owner", channelId: undefined });
    expect(seen[0]?.values).toBe(seen[1]?.values);
    expect(() => seen[0]?.client(SessionService)).toThrow(/plain RPC/);
    expect(JSON.stringify([...(headers[0] ?? [])])).not.toMatch(/secret-of-a-test|key-of-a-plain/);
  });

  it("is counted against the sessions of its principal [HTTP-7, SESSION-4]", async () => {
    const stage = await start({ limits: { session: { maxSessions: 1 } } });
    const echo = echoOf(stage, "grpc");
    await echo.say({}, withKey());
    await echo.say({}, withKey(`${KEY}_b`));
    expect(stage.server.sessions.list()).toHaveLength(1);
  });

  it("goes through the interceptors and the gate of its route [HTTP-4]", async () => {
    const passed: string[] = [];
    const stage = await start({
      interceptors: [
        (next) => (request) => {
          passed.push(request.method.name);
          return next(request);
        },
      ],
    });
    await echoOf(stage, "connect-1").say({}, withKey());
    await createClient(SessionService, transportOf("grpc", `http://127.0.0.1:${stage.port}`)).describe({});
    expect(passed).toEqual(["Say"]);
  });

  it("is refused beyond the calls that may run at once [HTTP-8]", async () => {
    let answer: () => void = () => {};
    const stage = await start({
      limits: { http: { maxCalls: 1 } },
      echo: { say: () => new Promise((resolve) => (answer = () => resolve({}))), look: () => ({}) },
    });
    const echo = echoOf(stage, "grpc");
    const first = echo.say({}, withKey());
    await expect.poll(() => stage.server.sessions.list().length).toBe(1);
    expect(await refusalOf(echo.look({}, withKey()))).toEqual([Code.ResourceExhausted, "OVERLOADED"]);
    answer();
    await first;
    await expect
      .poll(() =>
        echo.look({}, withKey()).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  it("with a message over the limit is refused, and the connection goes on [HTTP-8]", async () => {
    const stage = await start({ limits: { http: { maxMessageBytes: 1_000 } } });
    for (const protocol of PROTOCOLS) {
      const echo = echoOf(stage, protocol);
      const [code] = await refusalOf(echo.say({ data: new Uint8Array(2_000) }, withKey()));
      expect([protocol, code]).toEqual([protocol, Code.ResourceExhausted]);
      expect(await echo.say({ text: "a" }, withKey())).toMatchObject({ text: "a!" });
    }
  });

  it("ends with its credential, when that is revoked or expires [HTTP-6]", async () => {
    const stage = await start({
      authenticate: (request) =>
        ({
          ...byName(request),
          expiresAt: request.credential?.token === "brief" ? Date.now() + 100 : Number.POSITIVE_INFINITY,
        }) as never,
      echo: { say: () => new Promise(() => {}) },
    });
    const echo = echoOf(stage, "grpc");
    await refusalOf(echo.say({}, withKey(KEY, { authorization: "Bearer brief" })));
    const call = refusalOf(echo.say({}, withKey(`${KEY}_b`, { authorization: "Bearer ada" })));
    await expect.poll(() => stage.server.sessions.list().length).toBe(2);
    expect(stage.server.revoke("ada")).toBe(1);
    expect((await call)[0]).toBe(Code.Canceled);
  });
});

describe("SessionService without a channel", () => {
  it("describes the daemon without a key, and ends a session with it [SESSION-5, SESSION-6, HTTP-4]", async () => {
    const stage = await start();
    const service = createClient(SessionService, transportOf("grpc", `http://127.0.0.1:${stage.port}`));
    expect(await service.describe({})).toMatchObject({ server: { serverId: stage.server.serverId, name: "port" } });
    expect(await refusalOf(service.end({}))).toEqual([Code.InvalidArgument, "SESSION_KEY_MISSING"]);
    await echoOf(stage, "grpc").say({}, withKey());
    expect(await service.end({}, withKey())).toBeDefined();
    await expect.poll(() => stage.server.sessions.list()).toEqual([]);
  });
});

describe("a session that ends while its plain RPC runs", () => {
  it("does not come back into the store with the end of the call [HTTP-7, SESM-3]", async () => {
    const store = createMemorySessionStore();
    const answers: Array<() => void> = [];
    const stage = await start({
      store,
      echo: { say: () => new Promise((resolve) => answers.push(() => resolve({}))) },
    });
    const call = echoOf(stage, "grpc").say({}, withKey());
    await expect.poll(() => answers.length).toBe(1);
    expect(await store.list()).toHaveLength(1);
    stage.server.sessions.end(stage.server.sessions.list()[0]?.ref ?? "");
    answers[0]?.();
    await call;
    await stage.server.close();
    expect(await store.list()).toEqual([]);
  });
});

describe("a drain", () => {
  it("refuses new plain RPCs, lets running ones end, then ends the rest [HTTP-9]", async () => {
    const answers: Array<() => void> = [];
    const say = () => new Promise<object>((resolve) => answers.push(() => resolve({})));
    const stage = await start({ echo: { say }, limits: { drain: { graceMs: 3_000, flushMs: 50 } } });
    const echo = echoOf(stage, "grpc");
    const calls = [echo.say({}, withKey()), echo.say({}, withKey())];
    await expect.poll(() => answers.length).toBe(2);
    const cut = calls[1]?.then(
      () => "answered",
      () => "ended",
    );
    const drained = stage.server.drain();
    expect(await refusalOf(echo.look({}, withKey()))).toEqual([Code.Unavailable, "DAEMON_DRAINING"]);
    answers[0]?.();
    expect(await calls[0]).toBeDefined();
    await drained;
    expect(await cut).toBe("ended");
  });
});

describe("attach", () => {
  it("serves plain RPCs of an application's server, which keeps all other requests [HTTP-13]", async () => {
    const http = createServer((_request, response) => response.end("the application"));
    const stage = await start();
    stage.server.attach(http, { path: "/moorline" });
    await once(http.listen(0, "127.0.0.1"), "listening");
    closers.push(() => http.close());
    const { port } = http.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    const echo = (path: string) => echoOf({ ...stage, port: `${port}${path}` as never }, "connect-1");
    expect(await echo("/moorline").say({ text: "a" }, withKey())).toMatchObject({ text: "a!" });
    expect(await (await fetch(`${origin}/anything`)).text()).toBe("the application");
    expect((await refusalOf(echo("/other").say({}, withKey())))[1]).toBeUndefined();
    await stage.server.close();
    expect(await (await fetch(`${origin}/moorline`)).text()).toBe("the application");
  });
});
