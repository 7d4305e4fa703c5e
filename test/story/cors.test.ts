import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { cors } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { KEY, type PortOptions, stagePort } from "../support/port-stage.ts";

const PAGE = "https://console.example";
const SAY = "/rpctest.v1.EchoService/Say";
const VERSIONS = ["HTTP/1.1", "HTTP/2"] as const;
const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: PortOptions = { allowedOrigins: [PAGE] }): Promise<number> {
  const stage = await stagePort(options);
  closers.push(() => stage.close());
  return stage.port;
}

interface Asked {
  readonly method: string;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function askHttp1(port: number, { method, path = SAY, headers, body = "" }: Asked): Promise<Answer> {
  const request = requestHttp({ port, host: "127.0.0.1", method, path, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await readAll(response) };
}

async function askHttp2(port: number, { method, path = SAY, headers, body = "" }: Asked): Promise<Answer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  closers.push(() => session.destroy());
  const stream = session.request({ ":method": method, ":path": path, ...headers });
  stream.end(body);
  const [answered] = await once(stream, "response");
  return { status: answered[":status"], headers: answered, body: await readAll(stream) };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function preflight(origin: string): Asked {
  const asked = { "access-control-request-method": "POST", "access-control-request-headers": "moorline-session-key" };
  return { method: "OPTIONS", headers: { origin, ...asked } };
}

function say(origin?: string): Asked {
  const headers = { "content-type": "application/json", "moorline-session-key": KEY, ...(origin && { origin }) };
  return { method: "POST", headers, body: '{"text":"hello"}' };
}

/** The headers that tell a browser something. */
function toldBy({ headers }: Answer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith("access-control-"));
}

function namesIn(header: string | string[] | undefined): string[] {
  return `${header}`.split(",").map((name) => name.trim().toLowerCase());
}

describe.each(VERSIONS)("a page of another site, over %s", (version) => {
  const ask = version === "HTTP/1.1" ? askHttp1 : askHttp2;

  it("of an allowed origin gets its preflight answered, with what it may send [HTTP-15]", async () => {
    const answer = await ask(await start(), preflight(PAGE));
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": PAGE, vary: "Origin" });
    const allowed = namesIn(answer.headers["access-control-allow-headers"]);
    expect(allowed).toEqual(expect.arrayContaining(cors.allowedHeaders.map((name) => name.toLowerCase())));
    expect(allowed).toEqual(
      expect.arrayContaining(["moorline-session-key", "moorline-idempotency-key", "authorization", "traceparent"]),
    );
    expect(namesIn(answer.headers["access-control-allow-methods"])).toEqual(["post", "get"]);
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("of an allowed origin may read the answer and the headers of the protocols [HTTP-15]", async () => {
    const answer = await ask(await start(), say(PAGE));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { text: "hello!" }]);
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": PAGE, vary: "Origin" });
    const exposed = namesIn(answer.headers["access-control-expose-headers"]);
    expect(exposed).toEqual(expect.arrayContaining(cors.exposedHeaders.map((name) => name.toLowerCase())));
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("of an allowed origin may read a refusal of its call too [HTTP-15]", async () => {
    const { headers, ...rest } = say(PAGE);
    const answer = await ask(await start(), { ...rest, headers: { ...headers, "moorline-session-key": "short" } });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([400, PAGE]);
  });

  it.each(["https://evil.example", "https://console.example:444", "http://console.example", "null"])(
    "of another origin is told nothing but the refusal: %s [HTTP-15, AUTH-6]",
    async (origin) => {
      const port = await start();
      const answers = [await ask(port, preflight(origin)), await ask(port, say(origin))];
      expect(answers.map((answer) => [answer.status, toldBy(answer)])).toEqual([
        [403, []],
        [403, []],
      ]);
    },
  );

  it("is told nothing where no origin is allowed, or the request comes from no page [HTTP-15]", async () => {
    const closed = await start({});
    const refused = await ask(closed, preflight(PAGE));
    expect([refused.status, toldBy(refused)]).toEqual([403, []]);
    const open = await start();
    const answer = await ask(open, say());
    expect([answer.status, toldBy(answer), answer.headers.vary]).toEqual([200, [], "Origin"]);
    const { headers, ...rest } = preflight(PAGE);
    const { origin: _, ...others } = headers;
    expect(toldBy(await ask(open, { ...rest, headers: others }))).toEqual([]);
    // A page of the daemon's own host needs no leave.
    const own = await ask(open, say(`http://127.0.0.1:${open}`));
    expect([own.status, toldBy(own)]).toEqual([200, []]);
  });
});

describe("a page of another site, at a server that is attached to another", () => {
  it("gets the preflights of methods answered, and the application's own are the application's [HTTP-13, HTTP-15]", async () => {
    const application = createServer((_request, response) => response.end("the application"));
    application.listen(0, "127.0.0.1");
    await once(application, "listening");
    closers.push(() => application.close());
    const { server, close } = await stagePort({ allowedOrigins: [PAGE] });
    closers.push(close);
    server.attach(application, { path: "/moorline" });
    const { port } = application.address() as AddressInfo;
    expect((await askHttp1(port, { ...preflight(PAGE), path: `/moorline${SAY}` })).status).toBe(204);
    expect((await askHttp1(port, { ...preflight(PAGE), path: "/other" })).body).toBe("the application");
  });
});
