import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path, Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { AuthenticateRequest, Denial, Grant } from "../../../src/server/index.ts";
import { acceptToken, createDaemonServer, MoorlineError } from "../../../src/server/index.ts";
import { identity, type StageOptions, stageDaemon } from "./support/daemon.ts";
import { idOf } from "./support/hello.ts";

const WALL_START = Date.UTC(2030, 0, 1);
const bearer = (value: string) => ({ credential: { case: "bearerToken" as const, value } });

describe("a credential hook", () => {
  it("hears of the credential and of the connection, and never of the session key [AUTH-4, LOG-3]", () => {
    const requests: AuthenticateRequest[] = [];
    const authenticate = (request: AuthenticateRequest): Grant => {
      requests.push(request);
      return { principal: "p" };
    };
    const stage = stageDaemon({ authenticate });
    stage.pair.accept((connection) => stage.server.accept(connection, { remoteAddress: "10.0.0.1" }));
    const { welcome } = stage.greet({ ...bearer("t"), path: Path.RELAY });
    stage.greet({ credential: { case: "pairingToken", value: "p" }, attempt: 2n });
    stage.greet({ attempt: 3n });
    const sessionRef = welcome.sessionRef;
    const connection = { remoteAddress: "10.0.0.1" };
    expect(requests).toEqual([
      { credential: { kind: "bearer", token: "t" }, sessionRef, path: Path.RELAY, connection },
      { credential: { kind: "pairing", token: "p" }, sessionRef, path: Path.UNSPECIFIED, connection },
      { credential: undefined, sessionRef, path: Path.UNSPECIFIED, connection },
    ]);
  });

  it.each<readonly [string, Denial]>([
    ["UNAUTHENTICATED", { rejected: "UNAUTHENTICATED" }],
    ["CREDENTIAL_EXPIRED", { rejected: "CREDENTIAL_EXPIRED" }],
    ["REVOKED", { rejected: "REVOKED" }],
    ["PERMISSION_DENIED", { rejected: "PERMISSION_DENIED" }],
    ["RATE_LIMITED", { rejected: "RATE_LIMITED", message: "slowly", retryAfterMs: 5_000 }],
  ])("may reject with %s, at once or later [AUTH-4]", async (code, denial) => {
    for (const authenticate of [() => denial, async () => denial]) {
      const stage = stageDaemon({ authenticate });
      const client = stage.greet();
      await stage.clock.settle();
      expect(client.farewell).toBe(code);
      expect(client.rejection.retryAfterMs).toBe(denial.retryAfterMs === undefined ? undefined : 5_000n);
      expect(stage.server.sessions.list()).toEqual([]);
    }
  });

  const failures: ReadonlyArray<readonly [name: string, hook: () => unknown]> = [
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
    ["answers nothing", () => undefined],
    ["answers nothing later", async () => undefined],
    ["names no principal", () => ({ principal: "" })],
    ["names an expiry that is none", () => ({ principal: "p", expiresAt: new Date("never") })],
    ["rejects with a code that is none of a credential's", () => ({ rejected: "SUPERSEDED" })],
  ];

  it.each(failures)("that %s lets nobody in [AUTH-7]", async (_, hook) => {
    const stage = stageDaemon({ authenticate: hook as StageOptions["authenticate"] & object });
    const client = stage.greet();
    await stage.clock.settle();
    expect(client.farewell).toBe("INTERNAL");
    expect(stage.written).toMatchObject([["moorline: the credential hook has failed", expect.any(Error)]]);
    expect(stage.clock.pending).toBe(0);
  });

  it("has 10 s to answer, also where the hello came late [AUTH-7, HELLO-2]", async () => {
    let answer: (grant: Grant) => void = () => {};
    const authenticate = () => new Promise<Grant>((resolve) => (answer = resolve));
    const stage = stageDaemon({ authenticate });
    const client = stage.dial();
    await stage.clock.advanceAsync(9_000);
    client.hello();
    await stage.clock.advanceAsync(9_999);
    expect(client.isOpen).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(client.farewell).toBe("INTERNAL");
    answer({ principal: "p" });
    await stage.clock.settle();
    expect(stage.server.metrics).toMatchObject({ sessions: { active: 0, idle: 0 }, open: { attached: 0 } });
  });

  it("may answer for a client that has gone, without effect [AUTH-7]", async () => {
    const answers: Array<(grant: Grant) => void> = [];
    const stage = stageDaemon({ authenticate: () => new Promise((resolve) => answers.push(resolve)) });
    const [rude, polite] = [stage.greet(), stage.greet()];
    rude.connection?.abort();
    polite.say({ case: "goodbye", value: { code: 4090, message: "", unknown: undefined } });
    await stage.clock.settle();
    for (const answer of answers) answer({ principal: "p" });
    await stage.clock.settle();
    expect(polite.close?.code).toBe(4090);
    expect(stage.server.sessions.list()).toEqual([]);
    expect(stage.clock.pending).toBe(0);
  });
});

describe("a credential that ends", () => {
  const expiring = (expiresAt: Date | number) => stageDaemon({ authenticate: () => ({ principal: "p", expiresAt }) });

  it("is told of in the Welcome, closes the connection, and keeps the channel [SRV-4, WELCOME-1]", () => {
    const stage = expiring(WALL_START + 12_345);
    const client = stage.greet();
    expect(client.welcome.credentialExpiresInMs).toBe(12_345n);
    stage.clock.advance(12_344);
    expect(client.isOpen).toBe(true);
    stage.clock.advance(1);
    expect(client.farewell).toBe("CREDENTIAL_EXPIRED");
    expect(stage.server.metrics.channels).toEqual({ attached: 0, detached: 1 });
  });

  it("may be a date, and may never end [WELCOME-1]", () => {
    expect(expiring(new Date(WALL_START + 1_000)).greet().welcome.credentialExpiresInMs).toBe(1_000n);
    expect(expiring(Number.POSITIVE_INFINITY).greet().welcome.credentialExpiresInMs).toBeUndefined();
  });

  it("is rejected where it has ended already [AUTH-4]", () => {
    const stage = expiring(WALL_START);
    expect(stage.greet().rejection.code).toBe(CloseCode.CREDENTIAL_EXPIRED);
    expect(stage.server.sessions.list()).toEqual([]);
  });

  it("closes a probe too [SRV-4, SRV-2]", () => {
    const stage = expiring(WALL_START + 1_000);
    const probe = stage.greet({ purpose: Purpose.PROBE });
    stage.clock.advance(1_000);
    expect(probe.farewell).toBe("CREDENTIAL_EXPIRED");
  });

  it("is asked for again when a probe is promoted [PROBE-3]", () => {
    let expiresAt = WALL_START + 1_000;
    const stage = stageDaemon({ authenticate: () => ({ principal: "p", expiresAt }) });
    const probe = stage.greet({ purpose: Purpose.PROBE });
    expiresAt += 4_000;
    probe.hello();
    stage.clock.advance(1_000);
    expect(probe.isOpen).toBe(true);
    stage.clock.advance(4_000);
    expect(probe.farewell).toBe("CREDENTIAL_EXPIRED");
  });
});

describe("a credential that is revoked", () => {
  it("ends its connections and channels, and no others; the session stays [SRV-3, CHM-2, CHM-3]", () => {
    const stage = stageDaemon({
      authenticate: ({ credential }) => ({ principal: "p", credentialId: credential?.token ?? "" }),
    });
    const phone = stage.greet(bearer("phone"));
    for (const [byte, device] of [
      [8, "phone"],
      [9, "desktop"],
    ] as const) {
      stage.greet({ ...bearer(device), freshChannelId: idOf(byte) }).connection?.abort();
      stage.clock.advance(0);
    }
    const probe = stage.greet({ ...bearer("phone"), purpose: Purpose.PROBE });
    const desktop = stage.greet({ ...bearer("desktop"), freshChannelId: idOf(2) });
    expect(stage.server.revoke("phone")).toBe(2);
    stage.clock.advance(0);
    expect([phone.farewell, probe.farewell, desktop.isOpen]).toEqual(["REVOKED", "REVOKED", true]);
    expect(stage.server.metrics.channels).toEqual({ attached: 1, detached: 1 });
  });
});

describe("a token", () => {
  it.each([
    ["the right one", bearer("secret"), true],
    ["the right one with a line break, as editors leave it", bearer("secret\n"), true],
    ["a wrong one", bearer("secreT"), false],
    ["an empty one", bearer(""), false],
    ["none", {}, false],
    ["the right one as a pairing token", { credential: { case: "pairingToken" as const, value: "secret" } }, false],
  ])("%s lets in or not [AUTH-3, AUTH-4]", (_, init, isRight) => {
    const stage = stageDaemon({ authenticate: acceptToken("secret") });
    const client = stage.greet(init);
    expect(isRight ? client.welcome.protocol : client.farewell).toBe(isRight ? 1 : "UNAUTHENTICATED");
    if (isRight) expect(stage.server.sessions.list()).toMatchObject([{ principal: "owner" }]);
  });
});

describe("a server without authentication", () => {
  it("has to say so, and not have both [AUTH-1]", () => {
    const connection = { bufferedBytes: 0, send() {}, close() {}, abort() {} };
    expect(() => createDaemonServer({ identity }).accept(connection)).toThrow(
      expect.objectContaining({ code: "CREDENTIALS_UNCONFIGURED" }),
    );
    const both = { identity, insecureNoAuth: true, authenticate: () => ({ principal: "p" }) };
    expect(() => createDaemonServer(both)).toThrow(MoorlineError);
  });
});
