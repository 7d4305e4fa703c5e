import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DaemonServerOptions, openPageServer, Pages } from "../../src/server/index.ts";
import { MoorlineError } from "../../src/wire/moorline-error.ts";
import { createTestDirectory } from "../support/open-daemon.ts";
import { echoOf, type PortStage, stagePort, withKey } from "../support/port-stage.ts";

const closers: Array<() => unknown> = [];
let directory: string;

beforeEach(() => {
  directory = join(createTestDirectory(), "page");
  mkdirSync(join(directory, "assets"), { recursive: true });
  writeFileSync(join(directory, "index.html"), "<!doctype html>the page");
  writeFileSync(join(directory, "assets", "main-a1b2.js"), "export {};");
  writeFileSync(join(directory, "assets", "look.css"), "html {}");
  writeFileSync(join(directory, "..", "secret.txt"), "secret");
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: Partial<DaemonServerOptions> = {}): Promise<PortStage> {
  const stage = await stagePort({ pages: await Pages.load(directory), ...options });
  closers.push(() => stage.close());
  return stage;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks over HTTP/1.1, with the path as it is: neither `fetch` nor a URL would send some of them. */
async function ask(port: number, path: string, method = "GET", headers: Record<string, string> = {}): Promise<Answer> {
  const request = requestHttp({ port, host: "127.0.0.1", method, path, headers, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "it went well",
    (thrown) => MoorlineError.from(thrown).code,
  );
}

describe("a server with a page", () => {
  it("answers GET and HEAD for the names of its files, with their types [CONSOLE-1]", async () => {
    const { port } = await start();
    const index = await ask(port, "/");
    expect([index.status, index.headers["content-type"], index.body]).toEqual([
      200,
      "text/html; charset=utf-8",
      "<!doctype html>the page",
    ]);
    expect((await ask(port, "/index.html?from=somewhere")).body).toBe(index.body);
    const script = await ask(port, "/assets/main-a1b2.js", "HEAD");
    expect([script.status, script.headers["content-type"], script.headers["content-length"], script.body]).toEqual([
      200,
      "text/javascript; charset=utf-8",
      "10",
      "",
    ]);
    expect((await ask(port, "/assets/look.css")).headers["content-type"]).toBe("text/css; charset=utf-8");
  });

  it("answers the same over HTTP/2 [CONSOLE-1]", async () => {
    const { port } = await start();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    closers.push(() => session.destroy());
    const stream = session.request({ ":path": "/" });
    const [headers] = await once(stream, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect([headers[":status"], Buffer.concat(chunks).toString()]).toEqual([200, "<!doctype html>the page"]);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
  });

  it("takes no other method, and has no file that is not there under that very name [CONSOLE-1]", async () => {
    symlinkSync(join(directory, "..", "secret.txt"), join(directory, "link.txt"));
    writeFileSync(join(directory, ".env"), "secret");
    writeFileSync(join(directory, "sp ace.txt"), "secret");
    const { port } = await start();
    const refused = await ask(port, "/", "POST");
    expect([refused.status, refused.headers.allow]).toEqual([405, "GET, HEAD"]);
    const paths = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/assets/../../secret.txt",
      "/..%2fsecret.txt",
      "/assets%2fmain-a1b2.js",
    ];
    for (const path of [...paths, "/link.txt", "/.env", "/sp%20ace.txt", "/assets", "/assets/", "//", "/index.html/"]) {
      const { status, body } = await ask(port, path);
      expect([path, status, body.includes("secret")]).toEqual([path, 426, false]);
    }
  });

  it("does not see what is put there later [CONSOLE-1]", async () => {
    const { port } = await start();
    writeFileSync(join(directory, "later.txt"), "later");
    writeFileSync(join(directory, "index.html"), "another one");
    expect([(await ask(port, "/later.txt")).status, (await ask(port, "/")).body]).toEqual([
      426,
      "<!doctype html>the page",
    ]);
  });

  it("says what a page may do, and nothing more [CONSOLE-2]", async () => {
    const { port } = await start();
    for (const path of ["/", "/assets/main-a1b2.js"]) {
      const { headers } = await ask(port, path);
      const policy = new Map(
        String(headers["content-security-policy"])
          .split("; ")
          .map((directive) => {
            const [name = "", ...sources] = directive.split(" ");
            return [name, sources.join(" ")];
          }),
      );
      expect(Object.fromEntries(policy)).toMatchObject({
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
      });
      expect(policy.get("connect-src")?.split(" ")).not.toContain("ws:");
      expect(String(headers["content-security-policy"])).not.toMatch(/unsafe|\*(?!;| |$)|data:|blob:/);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });

  it("has browsers keep what has a hash in its name, and ask again for the rest [CONSOLE-3]", async () => {
    const { port } = await start();
    const [index, script] = [await ask(port, "/"), await ask(port, "/assets/main-a1b2.js")];
    expect(index.headers["cache-control"]).toBe("no-cache");
    expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    const etag = String(index.headers.etag);
    const again = await ask(port, "/", "GET", { "if-none-match": `"other", ${etag}` });
    expect([again.status, again.body, again.headers.etag]).toEqual([304, "", etag]);
    expect((await ask(port, "/", "GET", { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("judges host, proxies and networks as for every request, and goes on serving calls [CONSOLE-4, AUTH-6]", async () => {
    const stage = await start();
    const { port } = stage;
    expect((await ask(port, "/", "GET", { host: "rebound.example" })).status).toBe(403);
    expect((await ask(port, "/", "GET", { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await ask(port, "/", "GET", { "x-forwarded-for": "10.0.0.1" })).status).toBe(403);
    expect(await echoOf(stage, "connect-1").say({ text: "hello" }, withKey())).toMatchObject({ text: "hello!" });
    expect(await echoOf(stage, "grpc").say({ text: "hello" }, withKey())).toMatchObject({ text: "hello!" });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, "moorline.session.v1");
    await once(socket, "open");
    socket.close();
  });

  it("is none where it is given none [CONSOLE-1]", async () => {
    const stage = await stagePort();
    closers.push(() => stage.close());
    expect((await ask(stage.port, "/")).status).toBe(426);
  });
});

describe("a folder that cannot be a page", () => {
  it.each([
    ["is missing", () => join(directory, "nowhere")],
    ["has no index", () => join(directory, "assets")],
    ["is a file", () => join(directory, "index.html")],
  ])("is PAGES_UNUSABLE where it %s [CONSOLE-1]", async (_what, path) => {
    expect(await codeOf(Pages.load(path()))).toBe("PAGES_UNUSABLE");
  });

  it("is PAGES_UNUSABLE where it has too many files [CONSOLE-1]", async () => {
    for (let index = 0; index < 256; index += 1) writeFileSync(join(directory, `${index}.txt`), "");
    expect(await codeOf(Pages.load(directory))).toBe("PAGES_UNUSABLE");
  });
});

describe("openPageServer", () => {
  it("serves the page on loopback, nothing else, and judges who asks [CONSOLE-6]", async () => {
    const server = await openPageServer(await Pages.load(directory));
    closers.push(() => server.close());
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    expect((await ask(server.port, "/")).body).toBe("<!doctype html>the page");
    expect((await ask(server.port, "/nowhere")).status).toBe(404);
    expect((await ask(server.port, "/", "GET", { host: "rebound.example" })).status).toBe(403);
    expect(await codeOf(openPageServer(await Pages.load(directory), { port: server.port }))).toBe("PORT_IN_USE");
  });
});
