import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { createDaemonClient, createSessionKey, type Transport } from "../../src/client/index.ts";
import { createGrpcTransport, createWsTransport } from "../../src/node/index.ts";
import { type AuthenticateRequest, createMetricRegistry } from "../../src/server/index.ts";
import { echoOf, KEY, type PortOptions, type PortStage, PROTOCOLS, stagePort, withKey } from "../support/port-stage.ts";

const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: PortOptions = {}): Promise<PortStage> {
  const stage = await stagePort({ metrics: {}, ...options });
  closers.push(() => stage.close());
  return stage;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Asked = { readonly path?: string; readonly method?: string; readonly headers?: Record<string, string> };

async function ask(port: number, { path = "/metrics", method = "GET", headers = {} }: Asked = {}): Promise<Answer> {
  const request = httpRequest({ port, path, method, headers, host: "127.0.0.1", agent: false });
  request.end();
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

async function askHttp2(
  port: number,
  { path = "/metrics", method = "GET", headers = {} }: Asked = {},
): Promise<Answer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  closers.push(() => session.destroy());
  const stream = session.request({ ":path": path, ":method": method, ...headers });
  const [answer] = await once(stream, "response");
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return { status: Number(answer[":status"]), headers: answer, text };
}

const ASKERS = [
  ["HTTP/1.1", ask],
  ["HTTP/2", askHttp2],
] as const;

/** Lets in `token`. */
const byToken = ({ credential }: AuthenticateRequest) =>
  credential?.token === "token" ? { principal: "p" } : ({ rejected: "UNAUTHENTICATED" } as const);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("the page of metrics", () => {
  it.each(ASKERS)("is served over %s, as Prometheus reads it [OBS-1]", async (_, askFor) => {
    const { port } = await start();
    const { status, headers, text } = await askFor(port, { path: "/metrics?x=1" });
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(text).toContain('\nmoorline_connections_total{transport="websocket"} 0\n');
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? \d+)$/);
    }
  });

  it.each(ASKERS)("is not there over %s unless it was asked for, and only where it was [OBS-1]", async (_, askFor) => {
    const without = await stagePort();
    closers.push(() => without.close());
    expect((await askFor(without.port)).text).not.toContain("moorline_");
    const { port } = await start({ metrics: { path: "/internal/metrics" } });
    expect((await askFor(port)).text).not.toContain("moorline_sessions");
    expect((await askFor(port, { path: "/internal/metrics" })).status).toBe(200);
    expect((await askFor(port, { path: "/internal/metrics", method: "POST" })).status).toBe(405);
    expect((await askFor(port, { path: "/internal/metrics", method: "HEAD" })).text).toBe("");
  });

  it.each(["metrics", "/", "/a b", "/a?b", "//a", "/a/"])("is at no path such as %j [OBS-1]", async (path) => {
    await expect(stagePort({ metrics: { path } })).rejects.toThrow(/OPTION_INVALID.*metrics\.path/);
  });

  it.each(ASKERS)("needs the credential over %s, and says so [OBS-2]", async (_, askFor) => {
    const { port, server } = await start({ authenticate: byToken });
    const asked = await Promise.all([
      askFor(port),
      askFor(port, bearer("stranger")),
      askFor(port, { headers: { authorization: "Basic token" } }),
    ]);
    for (const { status, headers, text } of asked) {
      expect([status, headers["www-authenticate"], headers["content-type"]]).toEqual([
        401,
        "Bearer",
        "text/plain; charset=utf-8",
      ]);
      expect(text).toMatch(/`Authorization: Bearer`/);
      expect(text).not.toMatch(/moorline_|stranger/);
    }
    expect((await askFor(port, bearer("token"))).text).toContain('moorline_rejections_total{code="unauthenticated"} 3');
    expect(server.sessions.list()).toEqual([]);
  });

  it("refuses with the status of what the hook says, and of a hook that fails [OBS-2]", async () => {
    const { port } = await start({
      authenticate: ({ credential }) => {
        if (credential?.token === "broken") throw new Error("the hook has failed");
        if (credential?.token === "often") return { rejected: "RATE_LIMITED", retryAfterMs: 1_500 };
        return { rejected: credential?.token === "old" ? "CREDENTIAL_EXPIRED" : "PERMISSION_DENIED" };
      },
    });
    const statuses = await Promise.all(["broken", "often", "old", "other"].map((token) => ask(port, bearer(token))));
    expect(statuses.map(({ status }) => status)).toEqual([503, 429, 401, 403]);
    expect(statuses[1]?.headers["retry-after"]).toBe("2");
  });

  it("is open on this machine where the options say so, but not to what a proxy brings [OBS-2]", async () => {
    const { port } = await start({ authenticate: byToken, metrics: { isOpenOnLoopback: true } });
    expect((await ask(port)).status).toBe(200);
    expect((await ask(port, { headers: { "x-forwarded-for": "192.0.2.1" } })).status).toBe(401);
    expect((await askHttp2(port, { headers: { forwarded: "for=192.0.2.1" } })).status).toBe(401);
  });

  it.each([{ host: "evil.example" }, { origin: "https://evil.example" }])(
    "is not for pages of other hosts: %j [OBS-1, AUTH-6]",
    async (headers) => {
      const { port } = await start();
      expect((await ask(port, { headers: headers as Record<string, string> })).status).toBe(403);
    },
  );

  it("is served by the HTTP server of an application too, under the same prefix, until the close [OBS-1, HTTP-13]", async () => {
    const http = createServer((_, response) => response.end("the application"));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    closers.push(() => http.close());
    const { port } = http.address() as AddressInfo;
    const { server } = await start();
    server.attach(http, { path: "/moorline" });
    expect((await ask(port, { path: "/moorline/metrics" })).text).toContain("moorline_sessions");
    expect((await ask(port)).text).toBe("the application");
    await server.close();
    expect((await ask(port, { path: "/moorline/metrics" })).text).toBe("the application");
  });

  it("holds no drain up while it is judged [OBS-1, DRAIN-3]", async () => {
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { port, server } = await start({
      authenticate: ({ credential }) => {
        if (credential?.token !== "slow") return { principal: "p" };
        asked();
        return new Promise(() => {});
      },
    });
    const slow = ask(port, bearer("slow")).catch((error: unknown) => error);
    await isAsked;
    await server.drain();
    expect(await slow).toBeInstanceOf(Error);
  });

  it("counts as a plain call as long as it is judged, so that there are never too many [OBS-1, HTTP-8]", async () => {
    const waiting: Array<(grant: { principal: string }) => void> = [];
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { port } = await start({
      limits: { http: { maxCalls: 1 } },
      authenticate: () =>
        new Promise((resolve) => {
          waiting.push(resolve);
          asked();
        }),
    });
    const first = ask(port, bearer("token"));
    await isAsked;
    expect((await ask(port, bearer("token"))).status).toBe(503);
    waiting[0]?.({ principal: "p" });
    expect((await first).status).toBe(200);
  });

  it("has the metrics of the application after those of the server [OBS-5]", async () => {
    const registry = createMetricRegistry();
    const { port } = await start({ metrics: { registry } });
    registry.register({ name: "exec_jobs", type: "gauge", help: "Jobs.", collect: () => 3 });
    expect((await ask(port)).text).toMatch(/moorline_sessions[\s\S]*# TYPE exec_jobs gauge\nexec_jobs 3\n/);
  });

  it("counts connections by what carries them [OBS-3]", async () => {
    const stage = await start();
    const connect = async (transport: Transport): Promise<void> => {
      const client = createDaemonClient({
        endpoint: stage.endpoint,
        sessionKey: createSessionKey(),
        client: { name: "metrics", version: "1" },
        transport,
      });
      closers.push(() => client.dispose());
      await client.ensureConnected();
    };
    await connect(createWsTransport());
    await connect(createGrpcTransport());
    expect((await ask(stage.port)).text).toContain(
      'transport="websocket"} 1\nmoorline_connections_total{transport="grpc"} 1\nmoorline_connections_total{transport="other"} 0\n',
    );
  });

  it.each(PROTOCOLS)("counts plain calls over %s once, as those of channels [OBS-4]", async (protocol) => {
    const stage = await start({
      echo: {
        say({ text }) {
          if (text === "fail") throw new ConnectError("no", Code.NotFound);
          return { text };
        },
        async *count({ count }) {
          for (let number = 1; number <= count; number += 1) yield { number };
          if (count > 2) throw new ConnectError("too far", Code.OutOfRange);
        },
      },
    });
    const echo = echoOf(stage, protocol);
    await echo.say({ text: "a" }, withKey());
    await echo.say({ text: "fail" }, withKey()).catch(() => undefined);
    for await (const _ of echo.count({ count: 2 }, withKey(KEY)));
    const failed = async (): Promise<void> => {
      for await (const _ of echo.count({ count: 3 }, withKey(KEY)));
    };
    await failed().catch(() => undefined);
    await echo.say({}).catch(() => undefined);
    const { calls, rejected } = stage.server.metrics;
    expect([calls.unary.opened, [...calls.unary.ended].sort()]).toEqual([
      2,
      [
        [0, 1],
        [Code.NotFound, 1],
      ],
    ]);
    const { opened, ended } = calls.server_streaming;
    expect([opened, [...ended].sort((a, b) => a[0] - b[0])]).toEqual([
      2,
      [
        [0, 1],
        [Code.OutOfRange, 1],
      ],
    ]);
    expect([...rejected.values()]).toEqual([1]);
  });
});
