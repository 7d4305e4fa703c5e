import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ConnectionRecorder } from "../../../src/testing/connection-recorder.ts";
import type { Connection } from "../../../src/transport/connection.ts";
import { createWsTransport } from "../../../src/transport/ws-client.ts";
import { createWebSocketAcceptor, type WebSocketAcceptorOptions } from "../../../src/transport/ws-server.ts";

const KIB = 1024;
const SUBPROTOCOL = "moorline.session.v1";
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A server of the acceptor; what its connections hear is in `accepted`. */
async function serve(options: Partial<WebSocketAcceptorOptions> = {}) {
  const accepted: Array<{ readonly connection: Connection; readonly heard: ConnectionRecorder }> = [];
  const acceptor = createWebSocketAcceptor({
    onConnection(connection) {
      const heard = new ConnectionRecorder();
      accepted.push({ connection, heard });
      return heard;
    },
    ...options,
  });
  const server = createServer().on("upgrade", acceptor.handleUpgrade);
  const port = await listen(server);
  return { port, accepted, endpoint: `ws://127.0.0.1:${port}` };
}

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol": SUBPROTOCOL,
};

/** Sends an upgrade request as it is given; gives back status, headers and body of the answer. */
async function upgrade(port: number, headers: Record<string, string>, method = "GET") {
  const sent = request({ host: "127.0.0.1", port, method, headers });
  sent.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject);
    sent.on("upgrade", (answer, socket) => resolve(socket.destroy() && answer));
  });
  const chunks: Buffer[] = [];
  if (response.statusCode !== 101) for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

describe("createWebSocketAcceptor: upgrades", () => {
  it("accepts with the subprotocol and without compression [TRANS-4]", async () => {
    const { port } = await serve();
    const { status, headers } = await upgrade(port, {
      ...UPGRADE,
      "Sec-WebSocket-Protocol": `other, ${SUBPROTOCOL}`,
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    });
    expect(status).toBe(101);
    expect(headers["sec-websocket-protocol"]).toBe(SUBPROTOCOL);
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
  });

  it("refuses with 400, and says what to offer, when the subprotocol is not offered [TRANS-4]", async () => {
    const { port, accepted } = await serve();
    const { "Sec-WebSocket-Protocol": _, ...none } = UPGRADE;
    for (const headers of [none, { ...UPGRADE, "Sec-WebSocket-Protocol": "moorline.session.v2" }]) {
      const { status, body } = await upgrade(port, headers);
      expect(status).toBe(400);
      expect(body).toContain(`offer the WebSocket subprotocol ${SUBPROTOCOL}`);
    }
    expect(accepted).toEqual([]);
  });

  it("answers malformed upgrades with what is wrong, in plain text", async () => {
    const { port } = await serve();
    const cases: Array<[headers: Record<string, string>, method: string, status: number, body: RegExp]> = [
      [{ ...UPGRADE, "Sec-WebSocket-Key": "short" }, "GET", 400, /Sec-WebSocket-Key/],
      [{ ...UPGRADE, "Sec-WebSocket-Version": "7" }, "GET", 400, /Sec-WebSocket-Version/],
      [{ ...UPGRADE, Upgrade: "h2c" }, "GET", 400, /Upgrade/],
      [{ ...UPGRADE, "Sec-WebSocket-Protocol": `${SUBPROTOCOL},,` }, "GET", 400, /Sec-WebSocket-Protocol/],
      [UPGRADE, "POST", 405, /method/],
    ];
    for (const [headers, method, status, body] of cases) {
      const answer = await upgrade(port, headers, method);
      expect([answer.status, answer.headers["content-type"]]).toEqual([status, "text/plain; charset=utf-8"]);
      expect(answer.body).toMatch(body);
    }
    expect((await upgrade(port, UPGRADE)).status).toBe(101);
  });

  it("asks verify first, and answers with its refusal", async () => {
    const { port, accepted } = await serve({
      verify: ({ headers }) => (headers.origin ? { status: 403, message: "this origin may not connect" } : undefined),
    });
    const refused = await upgrade(port, {
      Upgrade: "websocket",
      Connection: "Upgrade",
      Origin: "https://evil.example",
    });
    expect([refused.status, refused.body]).toEqual([403, "this origin may not connect\n"]);
    expect(accepted).toEqual([]);
    expect((await upgrade(port, UPGRADE)).status).toBe(101);
  });

  it("answers 500 when verify throws, and lives on", async () => {
    let broken = true;
    const { port } = await serve({
      verify() {
        if (broken) throw new Error("broken");
        return undefined;
      },
    });
    expect((await upgrade(port, UPGRADE)).status).toBe(500);
    broken = false;
    expect((await upgrade(port, UPGRADE)).status).toBe(101);
  });
});

describe("createWebSocketAcceptor: messages", () => {
  it("hands over a message that is larger than a packet, so that the protocol can say what is wrong", async () => {
    const { endpoint, accepted } = await serve();
    const socket = new WebSocket(endpoint, SUBPROTOCOL);
    socket.on("open", () => socket.send(new Uint8Array(256 * KIB)));
    await expect.poll(() => accepted[0]?.heard.messages[0]?.length).toBe(256 * KIB);
  });

  it("closes with 1009 above 256 KiB, and lives on", async () => {
    const { endpoint, accepted } = await serve();
    const socket = new WebSocket(endpoint, SUBPROTOCOL);
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    socket.on("open", () => socket.send(new Uint8Array(256 * KIB + 1)));
    expect(await closed).toBe(1009);
    await expect.poll(() => accepted[0]?.heard.closes.length).toBe(1);
    expect(accepted[0]?.heard.messages).toEqual([]);
    expect(accepted[0]?.heard.closes[0]?.reason).toMatch(/size/);
    const next = new ConnectionRecorder();
    createWsTransport().dial(endpoint, next);
    await expect.poll(() => next.calls).toEqual(["opened"]);
  });

  it("ends a connection whose bytes are no WebSocket frames, and lives on", async () => {
    const { endpoint, accepted } = await serve();
    const socket = new WebSocket(endpoint, SUBPROTOCOL);
    socket.on("error", () => {});
    socket.on("upgrade", ({ socket: raw }) => raw.write(Buffer.from("f7f7f7f7f7f7f7f7", "hex")));
    await expect.poll(() => accepted[0]?.heard.closes[0]?.code).toBe(1006);
    const next = new ConnectionRecorder();
    createWsTransport().dial(endpoint, next);
    await expect.poll(() => next.calls).toEqual(["opened"]);
  });
});

describe("createWsTransport", () => {
  async function dialAndFail(endpoint: string) {
    const heard = new ConnectionRecorder();
    createWsTransport().dial(endpoint, heard);
    await expect.poll(() => heard.calls).toEqual(["closed"]);
    return heard.closes[0];
  }

  it("offers no compression, and sends the headers that it was given", async () => {
    const seen: IncomingMessage[] = [];
    const { endpoint } = await serve({ verify: (incoming) => void seen.push(incoming) });
    const heard = new ConnectionRecorder();
    createWsTransport({ headers: { "x-trace": "7" } }).dial(endpoint, heard);
    await expect.poll(() => heard.calls).toEqual(["opened"]);
    expect(seen[0]?.headers["x-trace"]).toBe("7");
    expect(seen[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
  });

  it("says what the server answered instead of upgrading", async () => {
    const { endpoint } = await serve({ verify: () => ({ status: 503, message: "come back later" }) });
    const close = await dialAndFail(endpoint);
    expect(close).toEqual({ code: 1006, reason: "the server answered HTTP 503: come back later", cause: "failed" });
  });

  it("follows no redirect", async () => {
    const { endpoint } = await serve();
    const redirecting = createServer((_request, response) => response.writeHead(302, { location: endpoint }).end());
    const close = await dialAndFail(`ws://127.0.0.1:${await listen(redirecting)}`);
    expect(close?.reason).toMatch(/HTTP 302/);
  });

  it("reads only the start of an endless refusal", async () => {
    const endless = createServer((_request, response) => {
      const timer = setInterval(() => response.write("no ".repeat(1_000)), 1);
      response.writeHead(400).on("close", () => clearInterval(timer));
    });
    const close = await dialAndFail(`ws://127.0.0.1:${await listen(endless)}`);
    expect(close?.reason.length).toBeLessThan(600);
  });

  it("fails at a server that does not choose the subprotocol [TRANS-4]", async () => {
    const other = new WebSocketServer({ noServer: true, handleProtocols: () => false });
    const server = createServer().on("upgrade", (incoming, socket, head) =>
      other.handleUpgrade(incoming, socket, head, () => {}),
    );
    const close = await dialAndFail(`ws://127.0.0.1:${await listen(server)}`);
    expect([close?.cause, close?.reason]).toEqual(["failed", "Server sent no subprotocol"]);
  });

  it("takes messages up to 64 KiB and ends the connection at a larger one", async () => {
    const { endpoint, accepted } = await serve();
    const heard = new ConnectionRecorder();
    createWsTransport().dial(endpoint, heard);
    await expect.poll(() => accepted.length).toBe(1);
    accepted[0]?.connection.send(new Uint8Array(64 * KIB));
    accepted[0]?.connection.send(new Uint8Array(64 * KIB + 1));
    await expect.poll(() => heard.has("closed")).toBe(true);
    expect(heard.messages.length).toBe(1);
    await expect.poll(() => accepted[0]?.heard.closes[0]?.code).toBe(1009);
  });
});

describe("WsConnection: small packets", () => {
  it("says drained also where a small packet did not leave at once, and nothing follows it [TRANS-5]", async () => {
    const { accepted, endpoint } = await serve();
    const socket = new WebSocket(endpoint, SUBPROTOCOL);
    const received: number[] = [];
    socket.on("message", (data: Buffer) => received.push(data.length));
    await new Promise<void>((resolve) => socket.on("open", resolve));
    await expect.poll(() => accepted).toHaveLength(1);
    const [{ connection, heard } = expect.fail("nothing was accepted")] = accepted;
    socket.pause();
    let sent = 0;
    for (; connection.bufferedBytes === 0; sent += 1) connection.send(new Uint8Array(4 * KIB));
    expect(heard.has("drained")).toBe(false);
    socket.resume();
    await expect.poll(() => [connection.bufferedBytes, heard.has("drained")]).toEqual([0, true]);
    await expect.poll(() => received).toEqual(Array.from({ length: sent }, () => 4 * KIB));
    socket.terminate();
  });
});
