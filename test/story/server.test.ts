import { once } from "node:events";
import { createServer, get, request as httpRequest } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { encodeClientPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import {
  acceptToken,
  createDaemonServer,
  createIdentity,
  type DaemonServer,
  type DaemonServerOptions,
} from "../../src/server/index.ts";
import { createSelfSigned } from "../support/self-signed.ts";
import { encodeHello } from "../unit/server/support/hello.ts";

const SUBPROTOCOL = "moorline.session.v1";
const identity = createIdentity({ name: "story", version: "1" });
const quiet = { warn() {}, error() {} };
const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function createServerFor(options: Partial<DaemonServerOptions> = {}): DaemonServer {
  const server = createDaemonServer({
    identity,
    logger: quiet,
    ...(options.authenticate === undefined ? { insecureNoAuth: true } : {}),
    ...options,
  });
  closers.push(() => server.close());
  return server;
}

async function startServer(options?: Partial<DaemonServerOptions>) {
  const server = createServerFor(options);
  return { server, ...(await server.listen()) };
}

/** Opens a WebSocket. Resolves to the socket, or to the HTTP status with which it was refused. */
function open(
  url: string,
  headers: Record<string, string> = {},
  protocols = [SUBPROTOCOL],
): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { headers, rejectUnauthorized: false });
    closers.push(() => socket.terminate());
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => resolve(socket));
    socket.on("error", reject);
  });
}

async function openSocket(url: string): Promise<WebSocket> {
  const socket = await open(url);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  return socket;
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, "close");
  return code as number;
}

const helloPacket = (attempt = 1n): Uint8Array =>
  encodeClientPacket({ received: 0, body: { case: "hello", value: encodeHello({ attempt }) }, unknown: undefined });

/** Whether the server still welcomes. */
async function isAlive(endpoint: string): Promise<boolean> {
  const socket = await openSocket(endpoint);
  socket.send(helloPacket(BigInt(Date.now())));
  const [, isBinary] = await once(socket, "message");
  socket.terminate();
  return isBinary as boolean;
}

describe("a server that listens", () => {
  it("is reached at its endpoint, on loopback by default [TRANS-4, AUTH-1]", async () => {
    const { endpoint, port } = await startServer();
    expect(endpoint).toBe(`ws://127.0.0.1:${port}/`);
    expect(await isAlive(endpoint)).toBe(true);
  });

  it("may be given a name, or the other loopback address, and more than one [AUTH-1]", async () => {
    const { server } = await startServer();
    const named = await server.listen({ host: "localhost" });
    expect(named.endpoint).toBe(`ws://localhost:${named.port}/`);
    expect(await isAlive(named.endpoint)).toBe(true);
    expect(server.metrics.connections).toBe(1);
  });

  it.each(["0.0.0.0", "::", "192.0.2.1", "daemon.example"])(
    "does not start on %s without TLS [AUTH-1]",
    async (host) => {
      const server = createServerFor({ authenticate: () => ({ principal: "p" }) });
      await expect(server.listen({ host })).rejects.toMatchObject({ code: "INSECURE_LISTEN" });
    },
  );

  it("does not start beyond loopback in the open mode, TLS or not [AUTH-1, AUTH-5]", async () => {
    const listening = createServerFor().listen({ host: "0.0.0.0", tls: {} });
    await expect(listening).rejects.toMatchObject({ code: "INSECURE_LISTEN" });
  });

  it("does not start without a word on whom to let in [AUTH-1]", async () => {
    const server = createDaemonServer({ identity });
    await expect(server.listen()).rejects.toMatchObject({ code: "CREDENTIALS_UNCONFIGURED" });
  });

  it("says that its port is in use, or that it cannot be had [AUTH-1]", async () => {
    const { server, port } = await startServer();
    await expect(server.listen({ port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
    await expect(server.listen({ port: 99_999 })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });

  it("warns in the open mode [AUTH-5]", async () => {
    const warnings: string[] = [];
    await startServer({ logger: { ...quiet, warn: (message) => warnings.push(message) } });
    expect(warnings).toEqual([expect.stringContaining("insecureNoAuth")]);
  });

  it("answers plain requests with 426 and what to do [SESSION-6]", async () => {
    const { port } = await startServer();
    const [response] = await once(get(`http://127.0.0.1:${port}/anything`), "response");
    let body = "";
    for await (const chunk of response) body += chunk;
    expect([response.statusCode, response.headers.upgrade]).toEqual([426, "websocket"]);
    expect(body).toContain("WebSocket");
  });

  it("refuses other subprotocols [TRANS-4]", async () => {
    const { endpoint } = await startServer();
    expect(await open(endpoint, {}, ["chat"])).toBe(400);
    expect(await open(endpoint, {}, [])).toBe(400);
  });

  it("refuses foreign hosts, pages and proxies before any hello [AUTH-5, AUTH-6]", async () => {
    const { server, endpoint } = await startServer({ allowedOrigins: ["https://console.example"] });
    expect(await open(endpoint, { Host: "evil.example" })).toBe(403);
    expect(await open(endpoint, { Origin: "https://evil.example" })).toBe(403);
    expect(await open(endpoint, { "X-Forwarded-For": "10.0.0.1" })).toBe(403);
    expect(server.metrics.connections).toBe(0);
    expect(await open(endpoint, { Origin: "https://console.example" })).toBeInstanceOf(WebSocket);
    expect(await isAlive(endpoint)).toBe(true);
  });

  it("closes its sockets and its port when it is closed, and can be closed twice [DRAIN-4]", async () => {
    const { server, endpoint, port } = await startServer();
    const socket = await openSocket(endpoint);
    socket.send(helloPacket());
    await once(socket, "message");
    const closed = closeOf(socket);
    await Promise.all([server.close(), server.close()]);
    expect(await closed).toBe(4300);
    await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("drains, then closes [DRAIN-4]", async () => {
    const { server, endpoint } = await startServer();
    const socket = await openSocket(endpoint);
    socket.send(helloPacket());
    await once(socket, "message");
    const closed = closeOf(socket);
    await server.drain();
    expect(await closed).toBe(4300);
  });
});

describe("a server with TLS", () => {
  const tls = createSelfSigned();
  const byToken = { authenticate: acceptToken("secret") };

  it("may listen on loopback, and says so in its endpoint [AUTH-1]", async () => {
    const listening = await createServerFor().listen({ tls });
    expect(listening.endpoint).toBe(`wss://127.0.0.1:${listening.port}/`);
    const socket = await open(listening.endpoint);
    expect(socket).toBeInstanceOf(WebSocket);
  });

  it("may listen beyond loopback where it has a credential hook [AUTH-1]", async () => {
    const server = createServerFor(byToken);
    const { endpoint } = await server.listen({ host: "0.0.0.0", tls });
    const socket = await open(endpoint);
    if (typeof socket === "number") throw new Error(`refused with ${socket}`);
    socket.send(helloPacket());
    expect(await closeOf(socket)).toBe(4500);
  });

  it("of the application may be attached to beyond loopback [AUTH-1]", async () => {
    const https = createHttpsServer(tls);
    closers.push(() => new Promise((resolve) => https.close(resolve)));
    await new Promise<void>((resolve) => https.listen(0, "0.0.0.0", resolve));
    expect(() => createServerFor().attach(https)).toThrow(expect.objectContaining({ code: "INSECURE_LISTEN" }));
    createServerFor(byToken).attach(https);
    const { port } = https.address() as AddressInfo;
    expect(await open(`wss://localhost:${port}/`)).toBeInstanceOf(WebSocket);
  });
});

describe("a server on somebody else's HTTP server", () => {
  async function startHttp() {
    const http = createServer((_, response) => void response.end("the application"));
    closers.push(() => new Promise((resolve) => http.close(resolve)));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    return { http, endpoint: `ws://127.0.0.1:${port}/moorline`, url: `http://127.0.0.1:${port}/` };
  }

  it("takes its upgrades and nothing else [AUTH-6]", async () => {
    const { http, endpoint, url } = await startHttp();
    const server = createServerFor();
    server.attach(http, { path: "/moorline" });
    expect(await isAlive(`${endpoint}?a=b`)).toBe(true);
    expect(await open(endpoint, { Host: "evil.example" })).toBe(403);
    const [response] = await once(get(url), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
    http.on("upgrade", (request, socket) => {
      if (request.url === "/other") socket.end("HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n");
    });
    expect(await open(endpoint.replace("moorline", "other"))).toBe(418);
    await server.close();
    expect(http.listening).toBe(true);
    expect(http.listenerCount("upgrade")).toBe(1);
  });

  it("is refused where that is beyond loopback without TLS [AUTH-1]", async () => {
    const http = createServer();
    closers.push(() => new Promise((resolve) => http.close(resolve)));
    await new Promise<void>((resolve) => http.listen(0, "0.0.0.0", resolve));
    expect(() => createServerFor().attach(http)).toThrow(expect.objectContaining({ code: "INSECURE_LISTEN" }));
  });
});

describe("bad input", () => {
  it("closes its own connection only: the server lives on [PACKET-2, PACKET-3, PACKET-4]", async () => {
    const { endpoint } = await startServer();
    const witness = await openSocket(endpoint);
    witness.send(helloPacket());
    await once(witness, "message");
    const inputs: ReadonlyArray<readonly [input: string | Uint8Array, code: number]> = [
      ["a text", 4400],
      [new Uint8Array(16_385), 4401],
      [new Uint8Array(300_000), 1009],
      [crypto.getRandomValues(new Uint8Array(1_000)).fill(255, 0, 20), 4401],
      [helloPacket().subarray(0, 30), 4401],
      [new Uint8Array(0), 4400],
    ];
    for (const [input, code] of inputs) {
      const socket = await openSocket(endpoint);
      const closed = closeOf(socket);
      socket.send(input);
      expect(await closed).toBe(code);
    }
    expect(witness.readyState).toBe(WebSocket.OPEN);
    expect(await isAlive(endpoint)).toBe(true);
  });

  it("is answered whatever bytes come, in any order [PACKET-4, INV-15]", async () => {
    const { endpoint } = await startServer();
    for (let round = 0; round < 50; round += 1) {
      const socket = await openSocket(endpoint);
      if (round % 2 === 0) socket.send(helloPacket(BigInt(round + 1)));
      const closed = closeOf(socket);
      for (let n = 0; n < 20; n += 1) socket.send(crypto.getRandomValues(new Uint8Array(1 + 7 * n)));
      expect([4001, 4300, 4400, 4401, 4410, 4104]).toContain(await closed);
    }
    expect(await isAlive(endpoint)).toBe(true);
  });

  it("that never becomes a hello is cut off [HELLO-2]", async () => {
    const { endpoint, port } = await startServer({ limits: { handshake: { helloTimeoutMs: 1_000 } } });
    const socket = await openSocket(endpoint);
    expect(await closeOf(socket)).toBe(4103);
    const raw = connect(port, "127.0.0.1");
    closers.push(() => raw.destroy());
    raw.write("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    const [answer] = await once(raw, "data");
    expect(String(answer)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(await isAlive(endpoint)).toBe(true);
  });

  it("that is an upgrade to something else is refused [TRANS-4]", async () => {
    const { endpoint, port } = await startServer();
    const upgrade = httpRequest({ port, host: "127.0.0.1", headers: { Connection: "Upgrade", Upgrade: "h2c" } });
    upgrade.end();
    const [response] = await once(upgrade, "response");
    response.resume();
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(await isAlive(endpoint)).toBe(true);
  });
});
