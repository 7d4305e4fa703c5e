import { once } from "node:events";
import { createServer } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { createDaemonClient, createSessionKey, systemRandom } from "../../src/client/index.ts";
import { createGrpcTransport, createWsTransport } from "../../src/node/index.ts";
import { judgePreface } from "../../src/server/http/preface.ts";
import { echoOf, type PortOptions, type PortStage, refusalOf, stagePort, withKey } from "../support/port-stage.ts";
import { createSelfSigned } from "../support/self-signed.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options?: PortOptions): Promise<PortStage> {
  const stage = await stagePort(options);
  closers.push(() => stage.close());
  return stage;
}

/** A raw connection that has sent `bytes`. */
function dialRaw(port: number, bytes: Uint8Array): Socket {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(bytes);
  return socket;
}

/** Everything that comes until the connection is over. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  if (!socket.destroyed) await once(socket, "close");
  return text;
}

function dialHttp2({ port }: PortStage): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  closers.push(() => session.destroy());
  session.on("error", () => {});
  return session;
}

function createClientOf({ endpoint }: Pick<PortStage, "endpoint">, transport = createGrpcTransport(), redial = true) {
  const sessionKey = createSessionKey(systemRandom);
  const program = { name: "story", version: "1" };
  const client = createDaemonClient({ endpoint, sessionKey, transport, client: program, redial });
  closers.push(() => client.dispose());
  return client;
}

describe("judgePreface", () => {
  it("knows HTTP/2 by its preface, and waits for all of it [HTTP-1]", () => {
    for (let length = 0; length < PREFACE.length; length += 1) {
      expect(judgePreface(PREFACE.subarray(0, length))).toBeUndefined();
    }
    expect(judgePreface(PREFACE)).toBe("http2");
    expect(judgePreface(Buffer.concat([PREFACE, PREFACE]))).toBe("http2");
    for (const text of ["GET / HTTP/1.1", "POST /", "PROPFIND", "PRI * HTTP/1.0", "\x16\x03\x01"]) {
      expect(judgePreface(Buffer.from(text))).toBe("http1");
    }
  });
});

describe("one port", () => {
  it("serves WebSocket, Connect, gRPC and connections over gRPC side by side [HTTP-1, HTTP-12]", async () => {
    const stage = await start();
    const clients = [createClientOf(stage), createClientOf(stage, createWsTransport())];
    const answers = await Promise.all([
      ...clients.map((client) => client.service(EchoService).say({ text: "channel" })),
      echoOf(stage, "connect-1").say({ text: "connect" }, withKey()),
      echoOf(stage, "grpc").say({ text: "grpc" }, withKey()),
    ]);
    expect(answers.map(({ text }) => text)).toEqual(["channel!", "channel!", "connect!", "grpc!"]);
    expect(stage.server.metrics.open.attached).toBe(2);
  });

  it("serves connections over gRPC with TLS [HTTP-2, HTTP-12]", async () => {
    const stage = await start({ where: { tls: createSelfSigned() } });
    const client = createClientOf(stage, createGrpcTransport({ tls: { rejectUnauthorized: false } }));
    expect(await client.service(EchoService).say({ text: "a" })).toMatchObject({ text: "a!" });
  });

  it("takes a preface and a request in pieces [HTTP-1]", async () => {
    const { port } = await start();
    const socket = dialRaw(port, Buffer.from("GE"));
    await once(socket, "connect");
    socket.write("T /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 426 /);
    const second = dialRaw(port, PREFACE.subarray(0, 5));
    await once(second, "connect");
    second.write(Buffer.concat([PREFACE.subarray(5), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
    const [settings] = await once(second, "data");
    expect(settings[3]).toBe(4);
  });

  it("drops a connection that says nothing, or half a preface, when its time is up [HTTP-1]", async () => {
    const { port } = await start({ limits: { http: { prefaceTimeoutMs: 100 } } });
    const said = [Buffer.alloc(0), Buffer.from("P"), PREFACE.subarray(0, 23)].map((bytes) => dialRaw(port, bytes));
    expect(await Promise.all(said.map(readAll))).toEqual(["", "", ""]);
  });

  it("drops a connection whose headers are slow [HTTP-1]", async () => {
    const { port } = await start({ limits: { http: { headersTimeoutMs: 100 } } });
    const socket = dialRaw(port, Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\nX: "));
    expect(await readAll(socket)).toMatch(/^(HTTP\/1.1 408 .*)?/);
  });

  it("answers what is no HTTP, and TLS where there is none, and goes on [HTTP-1]", async () => {
    const stage = await start();
    expect(await readAll(dialRaw(stage.port, Buffer.from("hello?\r\n\r\n")))).toMatch(/^HTTP\/1.1 400 /);
    const tls = connectTls(stage.port, "127.0.0.1", { rejectUnauthorized: false });
    const [error] = await once(tls, "error");
    expect(error).toBeInstanceOf(Error);
    const bad = dialRaw(stage.port, Buffer.concat([PREFACE, Buffer.from("this is no frame at all, but long enough")]));
    await readAll(bad);
    expect(await echoOf(stage, "grpc").say({ text: "a" }, withKey())).toMatchObject({ text: "a!" });
  });

  it("drops plain connections where TLS is spoken, and goes on [HTTP-2]", async () => {
    const stage = await start({ where: { tls: createSelfSigned() } });
    await readAll(dialRaw(stage.port, Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    expect(await echoOf(stage, "grpc", "https").say({ text: "a" }, withKey())).toMatchObject({ text: "a!" });
  });

  it("holds HTTP/2 connections to their streams and headers [HTTP-8]", async () => {
    const stage = await start({ limits: { http: { maxStreams: 3, maxHeaderBytes: 2_000 } } });
    const session = dialHttp2(stage);
    const [settings] = await once(session, "remoteSettings");
    expect(settings).toMatchObject({ maxConcurrentStreams: 3, maxHeaderListSize: 2_000 });
  });

  it("closes an HTTP/2 connection on which nothing moves [HTTP-8]", async () => {
    const stage = await start({ limits: { http: { idleTimeoutMs: 100 } } });
    const session = dialHttp2(stage);
    await once(session, "close");
    expect(session.destroyed).toBe(true);
  });

  it("refuses foreign hosts and pages before any key, over both versions [HTTP-4, AUTH-6]", async () => {
    const stage = await start();
    for (const headers of [{ ":authority": "evil.example" }, { origin: "https://evil.example" }]) {
      const request = dialHttp2(stage).request({
        ":method": "POST",
        ":path": "/rpctest.v1.EchoService/Say",
        ...headers,
      });
      const [response] = await once(request, "response");
      expect(response[constants.HTTP2_HEADER_STATUS]).toBe(403);
    }
    const page = withKey(undefined, { origin: "https://evil.example" });
    expect((await refusalOf(echoOf(stage, "connect-1").say({}, page)))[1]).toBeUndefined();
    expect(stage.server.sessions.list()).toEqual([]);
  });

  it("ends everything when the server is closed [HTTP-9]", async () => {
    const stage = await start({ echo: { say: () => new Promise(() => {}) } });
    const client = createClientOf(stage);
    await client.ensureConnected();
    const calls = (["connect-1", "grpc"] as const).map((protocol) =>
      refusalOf(echoOf(stage, protocol).say({}, withKey())),
    );
    await expect.poll(() => stage.server.sessions.list().length).toBe(2);
    const idle = dialRaw(stage.port, Buffer.from("P"));
    const session = dialHttp2(stage);
    await once(session, "connect");
    await stage.server.close();
    await Promise.all([...calls, readAll(idle), session.closed || once(session, "close")]);
    expect(stage.server.metrics.open).toEqual({ awaitingHello: 0, probing: 0, attached: 0 });
  });
});

describe("a connection over gRPC", () => {
  it("that is cut ends alone, and its channel goes on [HTTP-12]", async () => {
    const stage = await start();
    const client = createClientOf(stage);
    await client.ensureConnected();
    const bad = dialHttp2(stage);
    const stream = bad.request({
      ":method": "POST",
      ":path": "/moorline.session.v1.SessionService/Attach",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    await once(stream, "response");
    expect(stage.server.metrics.open.awaitingHello).toBe(1);
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => stage.server.metrics.open.awaitingHello).toBe(0);
    expect(await client.service(EchoService).say({ text: "a" })).toMatchObject({ text: "a!" });
  });

  it("to a port that has no HTTP/2 fails alone [HTTP-12]", async () => {
    const other = createServer((_request, response) => response.end());
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    closers.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const accepted = once(other, "connection");
    const client = createClientOf({ endpoint: `ws://127.0.0.1:${port}` }, createGrpcTransport(), false);
    await expect(client.ensureConnected()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    // Until then nothing that nobody listens to was thrown.
    const [socket] = (await accepted) as [Socket];
    if (!socket.destroyed) await once(socket, "close");
  });

  it("with a message that is too large, or is none, is closed [HTTP-12, TRANS-7]", async () => {
    const stage = await start();
    for (const message of [Buffer.alloc(300_000), Buffer.from([0, 0, 0, 0, 4, 1, 2, 3, 4])]) {
      const frame = message.length > 100 ? Buffer.concat([Buffer.from([0, 0, 4, 0x93, 0xe0]), message]) : message;
      const stream = dialHttp2(stage).request({
        ":method": "POST",
        ":path": "/moorline.session.v1.SessionService/Attach",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {});
      stream.resume();
      stream.write(frame);
      await once(stream, "close");
    }
    await expect.poll(() => stage.server.metrics.open.awaitingHello).toBe(0);
  });
});
