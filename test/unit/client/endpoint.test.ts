import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { parseEndpoint } from "../../../src/client/endpoint.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";

function catchError(text: string): MoorlineError {
  try {
    parseEndpoint(text);
  } catch (error) {
    return MoorlineError.from(error);
  }
  throw new Error("nothing was thrown");
}

describe("parseEndpoint", () => {
  it.each([
    ["ws://localhost:4242", "ws://localhost:4242/"],
    ["ws://LOCALHOST:4242/a/b", "ws://localhost:4242/a/b"],
    ["ws://daemon.localhost", "ws://daemon.localhost/"],
    ["ws://127.0.0.1:1", "ws://127.0.0.1:1/"],
    ["ws://127.255.255.254", "ws://127.255.255.254/"],
    ["ws://127.1", "ws://127.0.0.1/"],
    ["ws://2130706433:80", "ws://127.0.0.1/"],
    ["ws://0x7f000001", "ws://127.0.0.1/"],
    ["ws://[::1]:4242", "ws://[::1]:4242/"],
    ["ws://[0:0:0:0:0:0:0:1]", "ws://[::1]/"],
    ["wss://localhost", "wss://localhost/"],
  ])("takes %s as loopback [AUTH-2]", (text, url) => {
    expect(parseEndpoint(text)).toEqual({ url, isLoopback: true });
  });

  it.each([
    ["wss://daemon.example", "wss://daemon.example/"],
    ["WSS://Daemon.Example:443/moorline", "wss://daemon.example/moorline"],
    ["wss://10.0.0.7:8443", "wss://10.0.0.7:8443/"],
    ["wss://127.0.0.1.evil.example", "wss://127.0.0.1.evil.example/"],
  ])("takes %s, which has TLS [AUTH-2]", (text, url) => {
    expect(parseEndpoint(text)).toEqual({ url, isLoopback: false });
  });

  it.each([
    "ws://daemon.example",
    "ws://10.0.0.7",
    "ws://127.0.0.1.evil.example",
    "ws://localhost.evil.example",
    "ws://evillocalhost",
    "ws://0.0.0.0",
    "ws://0",
    "ws://[::]",
    "ws://[::2]",
    "ws://[::ffff:10.0.0.7]",
    "ws://128.0.0.1",
    "ws://1270.0.0.1.example",
    "ws:\\\\daemon.example",
  ])("throws for %s and says what to do [AUTH-2]", (text) => {
    const error = catchError(text);
    expect(error).toMatchObject({ code: "INSECURE_ENDPOINT" });
    expect(error.message).toContain("Use wss://");
  });

  it.each([
    "",
    "daemon.example",
    "localhost:4242",
    "http://daemon.example",
    "https://daemon.example",
    "file:///etc/passwd",
    "ws://",
    "ws://256.1.1.1",
    "wss://daemon.example:99999",
    "wss://foo bar",
    "wss://foo%20bar",
    // One that Node would take, and Chromium escapes.
    "wss://foo*bar",
  ])("refuses %j [AUTH-2]", (text) => {
    expect(catchError(text)).toMatchObject({ code: "ENDPOINT_MALFORMED" });
  });

  const secret = "s3cretS3cretS3cretS3cret";

  it.each([
    `wss://user:${secret}@daemon.example`,
    `wss://${secret}@daemon.example`,
    `wss://daemon.example/?key=${secret}`,
    `wss://daemon.example/#${secret}`,
    `wss://daemon.example/?`,
    `wss://daemon.example/#`,
    `wss://[${secret}`,
  ])("refuses what may be a secret in the address, and does not repeat it: %s [INV-2] [LOG-3]", (text) => {
    const error = catchError(text);
    expect(error).toMatchObject({ code: "ENDPOINT_MALFORMED" });
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain(secret);
  });

  it("gives the address that was checked, not the one that was written [AUTH-2]", () => {
    expect(parseEndpoint(" ws://local\thost\n").url).toBe("ws://localhost/");
  });
});
