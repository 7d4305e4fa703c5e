import { describe, expect, it } from "vitest";
import { describeDaemon } from "../../../src/runtime/describe-daemon.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { serverIdOf } from "../../../src/wire/server-id.ts";

const key = new Uint8Array(32).fill(7);
const serverId = serverIdOf(key);
const identityKey = Buffer.from(key).toString("base64");
const description = { server: { serverId, name: "laptop", version: "1.2.3", newer: 1 }, identityKey, newer: {} };

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

/** A fetch that gives one answer, and what it was asked. */
function answering(body: unknown, init: ResponseInit = {}) {
  const asked: Asked[] = [];
  const fetch = async (url: unknown, request: RequestInit = {}): Promise<Response> => {
    asked.push({ url: `${url}`, init: request });
    return new Response(typeof body === "string" ? body : JSON.stringify(body), init);
  };
  return { fetch: fetch as typeof globalThis.fetch, asked };
}

describe("describeDaemon", () => {
  it("says who is at an address, by plain HTTP and without any key [FLEET-10]", async () => {
    const { fetch, asked } = answering(description);
    expect(await describeDaemon("ws://localhost:4242", { fetch })).toEqual({
      serverId,
      name: "laptop",
      version: "1.2.3",
    });
    expect(asked).toEqual([
      {
        url: "http://localhost:4242/moorline.session.v1.SessionService/Describe",
        init: expect.objectContaining({ method: "POST", body: "{}", credentials: "omit", redirect: "error" }),
      },
    ]);
    expect(asked[0]?.init.headers).toEqual({ "content-type": "application/json", "connect-protocol-version": "1" });
  });

  it.each([
    ["wss://daemon.example/", "https://daemon.example/moorline"],
    ["wss://daemon.example:8443/below/", "https://daemon.example:8443/below/moorline"],
    ["ws://127.0.0.1:1", "http://127.0.0.1:1/moorline"],
  ])("asks at %s where a client would dial [FLEET-10]", async (endpoint, start) => {
    const { fetch, asked } = answering(description);
    await describeDaemon(endpoint, { fetch });
    expect(asked[0]?.url.startsWith(start)).toBe(true);
  });

  it.each([
    ["no address", "ENDPOINT_MALFORMED"],
    ["https://daemon.example", "ENDPOINT_MALFORMED"],
    ["wss://user:secret@daemon.example", "ENDPOINT_MALFORMED"],
    ["wss://daemon.example/#token=secret", "ENDPOINT_MALFORMED"],
    ["ws://daemon.example", "INSECURE_ENDPOINT"],
  ])("refuses %s, asks nobody, and does not repeat it [FLEET-11]", async (endpoint, code) => {
    const { fetch, asked } = answering(description);
    const error = await describeDaemon(endpoint, { fetch }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, action: expect.any(String) });
    expect([asked, `${error}`.includes("secret")]).toEqual([[], false]);
  });

  it.each<[string, unknown, ResponseInit]>([
    ["another status", description, { status: 404 }],
    ["a page", "<html>", {}],
    ["another JSON", { hello: 1 }, {}],
    ["a key that is none", { ...description, identityKey: "AAAA" }, {}],
    ["the server id of another key", { ...description, server: { serverId: serverIdOf(new Uint8Array(32)) } }, {}],
    ["no server", { identityKey }, {}],
    ["a long answer", "x".repeat(16_385), {}],
    ["a long answer that is announced", "", { headers: { "content-length": "100000" } }],
  ])("takes %s for no daemon [FLEET-11]", async (_what, body, init) => {
    const { fetch } = answering(body, init);
    await expect(describeDaemon("ws://localhost:1", { fetch })).rejects.toMatchObject({ code: "NOT_A_DAEMON" });
  });

  it("says that nobody answers where the request fails [FLEET-11]", async () => {
    const cause = new TypeError("fetch failed");
    const fetch = () => Promise.reject(cause);
    await expect(describeDaemon("ws://localhost:1", { fetch })).rejects.toMatchObject({
      code: "DAEMON_UNREACHABLE",
      cause,
    });
  });

  it("waits 10 s for the answer and for its end, then no longer [FLEET-11]", async () => {
    const clock = new SimulatedClock();
    const fetch = (_url: unknown, { signal }: RequestInit = {}): Promise<Response> =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const outcome = describeDaemon("ws://localhost:1", { fetch: fetch as typeof globalThis.fetch, clock });
    const failed = expect(outcome).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
    await clock.advanceAsync(9_999);
    expect(clock.pending).toBe(1);
    await clock.advanceAsync(1);
    await failed;
  });

  it("leaves no timer behind [FLEET-11]", async () => {
    const clock = new SimulatedClock();
    await describeDaemon("ws://localhost:1", { fetch: answering(description).fetch, clock });
    expect(clock.pending).toBe(0);
  });
});
