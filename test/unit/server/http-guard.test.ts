import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { createHttpGuard, type GuardOptions, isLoopback } from "../../../src/server/http-guard.ts";

const plain = { localAddress: "127.0.0.1" };
const tls = { localAddress: "192.168.0.7", encrypted: true };

/** What the guard answers: the status, or undefined where the request passes. */
function judge(headers: IncomingHttpHeaders, socket: object = plain, options: Partial<GuardOptions> = {}) {
  const guard = createHttpGuard({ isOpenMode: false, allowedHosts: [], allowedOrigins: [], ...options });
  return guard({ headers: { host: "localhost:4242", ...headers }, socket } as unknown as IncomingMessage)?.status;
}

describe("isLoopback", () => {
  it.each([
    "localhost",
    "LOCALHOST",
    "daemon.localhost",
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
  ])("takes %s [AUTH-1]", (host) => expect(isLoopback(host)).toBe(true));

  it.each(["0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", "127.0.0", "", "::ffff:10.0.0.1"])(
    "does not take %s [AUTH-1]",
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe("Host", () => {
  it.each([
    "localhost:4242",
    "127.0.0.1:4242",
    "[::1]:4242",
    "a.localhost:4242",
    "LocalHost:4242",
    "localhost",
    "localhost:9000",
  ])("of loopback passes, whatever the port is: %s [AUTH-6]", (host) => expect(judge({ host })).toBeUndefined());

  it.each([
    "evil.example:4242",
    "localhost.evil.example",
    "127.0.0.1.evil.example:4242",
    "192.168.0.7:4242",
    "evil.example#localhost:4242",
  ])("that is another is refused: %s [AUTH-6]", (host) => expect(judge({ host })).toBeGreaterThanOrEqual(400));

  it.each([undefined, "", "local host:4242", "a/b", "user@localhost:4242", "localhost:99999"])(
    "that is none is refused: %s [AUTH-6]",
    (host) => expect(judge({ host } as IncomingHttpHeaders)).toBe(400),
  );

  it("may be the own address, as clients of the network dial it [AUTH-6]", () => {
    expect(judge({ host: "192.168.0.7:4242" }, tls)).toBeUndefined();
    expect(judge({ host: "192.168.0.7:4242" }, { ...tls, localAddress: "::ffff:192.168.0.7" })).toBeUndefined();
    expect(judge({ host: "192.168.0.8:4242" }, tls)).toBe(403);
  });

  it("may be one that is allowed: a name with every port, or with one [AUTH-6]", () => {
    const options = { allowedHosts: ["Daemon.example", "other.example:9000"] };
    expect(judge({ host: "daemon.example" }, plain, options)).toBeUndefined();
    expect(judge({ host: "daemon.example:1" }, plain, options)).toBeUndefined();
    expect(judge({ host: "other.example:9000" }, plain, options)).toBeUndefined();
    expect(judge({ host: "other.example:9001" }, plain, options)).toBe(403);
    expect(judge({ host: "sub.daemon.example" }, plain, options)).toBe(403);
  });

  it("is judged by its name alone on a socket of the file system [AUTH-6]", () => {
    expect(judge({ host: "localhost" }, {})).toBeUndefined();
    expect(judge({ host: "evil.example" }, {})).toBe(403);
  });
});

describe("Origin", () => {
  it.each(["http://localhost:4242", "https://localhost:4242", "http://LOCALHOST:4242"])(
    "of the same host passes: %s [AUTH-6]",
    (origin) => expect(judge({ origin })).toBeUndefined(),
  );

  it.each([
    "http://evil.example",
    "http://localhost",
    "http://localhost:4243",
    "http://127.0.0.1:4242",
    "null",
    "",
    "nonsense",
    "ftp://localhost:4242",
    "vscode-webview://abc",
  ])("of another page is refused: %s [AUTH-6]", (origin) => expect(judge({ origin })).toBe(403));

  it("may be one that is allowed, and opaque ones only by name [AUTH-6]", () => {
    const options = { allowedOrigins: ["https://Console.example/", "vscode-webview://abc"] };
    expect(judge({ origin: "https://console.example" }, plain, options)).toBeUndefined();
    expect(judge({ origin: "vscode-webview://abc" }, plain, options)).toBeUndefined();
    expect(judge({ origin: "http://console.example" }, plain, options)).toBe(403);
    expect(judge({ origin: "vscode-webview://abd" }, plain, options)).toBe(403);
    expect(judge({ origin: "null" }, plain, options)).toBe(403);
  });
});

describe("the network", () => {
  it("beyond loopback needs TLS, and a credential [AUTH-1, AUTH-5]", () => {
    const host = "192.168.0.7:4242";
    expect(judge({ host }, { ...tls, encrypted: undefined })).toBe(403);
    expect(judge({ host }, tls)).toBeUndefined();
    expect(judge({ host }, tls, { isOpenMode: true })).toBe(403);
    expect(judge({}, plain, { isOpenMode: true })).toBeUndefined();
  });

  it.each(["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-anything"])(
    "behind a proxy is not loopback: %s in the open mode [AUTH-5]",
    (name) => {
      expect(judge({ [name]: "x" }, plain, { isOpenMode: true })).toBe(403);
      expect(judge({ [name]: "x" }, plain)).toBeUndefined();
    },
  );
});
