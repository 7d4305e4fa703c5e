import { describe, expect, it } from "vitest";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { Credential } from "../../../src/client/credential.ts";
import { isConnected, lossOf } from "../../../src/client/selectors.ts";
import { connect, linesOf, phaseNameOf, rejectionOf, type Stage, settle, stageClient } from "./support/stage.ts";

/** Gives the next token at each call, and remembers how often it was asked. */
function tokens(): { readonly credential: () => Promise<Credential>; asked: number } {
  const source = {
    asked: 0,
    credential: async () => {
      source.asked += 1;
      return { bearerToken: `token ${source.asked}` };
    },
  };
  return source;
}

function tokensOf(stage: Stage): (string | undefined)[] {
  return stage.daemon.hellos.map(({ credential }) => credential.value);
}

/** The daemon accepts this token only; any other is expired. */
function acceptOnly(stage: Stage, token: string): void {
  stage.daemon.onHello = (connection, { credential }) => {
    if (credential.value === token) connection.welcome();
    else connection.reject(CloseCode.CREDENTIAL_EXPIRED);
  };
}

describe("DaemonClient: credentials", () => {
  it.each<[Credential, string]>([
    [{ bearerToken: "bearer" }, "bearerToken"],
    [{ pairingToken: "pairing" }, "pairingToken"],
  ])("shows %o in its hello", async (credential, name) => {
    const stage = stageClient({ credential });
    await connect(stage);
    expect(stage.daemon.hellos[0]?.credential.case).toBe(name);
  });

  it("asks the callback once, before it dials, and keeps what it gave", async () => {
    const source = tokens();
    const stage = stageClient(source);
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(tokensOf(stage)).toEqual(["token 1", "token 1"]);
    expect(source.asked).toBe(1);
  });

  it("goes without one where the callback gives none", async () => {
    const stage = stageClient({ credential: () => undefined });
    await connect(stage);
    expect(stage.daemon.hellos[0]?.credential.case).toBeUndefined();
  });

  it("asks again after CREDENTIAL_EXPIRED, before it dials, and keeps its channel [RETRY-5, CLOSE-3, AUTH-4]", async () => {
    const source = tokens();
    const stage = stageClient(source);
    await connect(stage);
    acceptOnly(stage, "token 2");
    stage.daemon.connection.goAway(CloseCode.CREDENTIAL_EXPIRED);
    await settle(stage);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(tokensOf(stage)).toEqual(["token 1", "token 2"]);
    expect(stage.daemon.hellos[1]?.resume).toBeDefined();
    expect(linesOf(stage)).toContain("disconnected credential_refreshed connecting");
  });

  it("asks the user after two refreshes that did not help [RETRY-5]", async () => {
    const source = tokens();
    const stage = stageClient(source);
    acceptOnly(stage, "none of them");
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("CREDENTIAL_EXPIRED");
    expect(source.asked).toBe(3);
    const { state } = stage.client.state;
    expect(state.case === "disconnected" && state.value.verdict).toBe(RetryVerdict.ASK_USER);
    await stage.clock.advanceAsync(3_600_000);
    expect(stage.daemon.connections).toHaveLength(3);
  });

  it.each<[string, Credential | (() => Promise<Credential | undefined>)]>([
    ["is fixed", { bearerToken: "fixed" }],
    ["is no longer given", givesOnce(async () => undefined)],
    ["has the wrong form", givesOnce(async () => "no object" as never)],
    ["cannot be had", givesOnce(async () => Promise.reject(new Error("signed out")))],
  ])("asks the user where the next credential %s [RETRY-5, CONN-14]", async (_, credential) => {
    const stage = stageClient({ credential });
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.CREDENTIAL_EXPIRED);
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("CREDENTIAL_REFRESH_FAILED");
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.CREDENTIAL_REFRESH_FAILED);
    expect(stage.errors).toHaveLength(1);
    expect(stage.clock.pending).toBe(0);
  });

  it("asks anew when somebody tries again after UNAUTHENTICATED [AUTH-4]", async () => {
    const source = tokens();
    const stage = stageClient(source);
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.UNAUTHENTICATED);
    await rejectionOf(stage, stage.client.ensureConnected());
    stage.daemon.onHello = (connection) => connection.welcome();
    await connect(stage);
    expect(tokensOf(stage)).toEqual(["token 1", "token 2"]);
  });

  it("takes a callback that throws at first for a failed attempt, and tries again [CONN-7]", async () => {
    const thrown = new Error("no network");
    let credential = (): Credential => {
      throw thrown;
    };
    const stage = stageClient({ credential: () => credential() });
    void stage.client.ensureConnected();
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.TRANSPORT_FAILED,
      message: "the credential callback failed",
    });
    expect(stage.errors).toEqual([thrown]);
    credential = () => ({ bearerToken: "there" });
    await stage.clock.advanceAsync(500);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("gives an attempt up whose callback does not answer, and shares the answer with the next [CONN-6, RUN-4]", async () => {
    let asked = 0;
    let give = (_: Credential): void => {};
    const credential = (): Promise<Credential> => {
      asked += 1;
      return new Promise((resolve) => {
        give = resolve;
      });
    };
    const stage = stageClient({ credential });
    void stage.client.ensureConnected();
    await stage.clock.advanceAsync(10_000);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.CONNECT_TIMED_OUT);
    await stage.clock.advanceAsync(1_000);
    give({ bearerToken: "late" });
    await settle(stage);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(tokensOf(stage)).toEqual(["late"]);
    expect(asked).toBe(1);
  });

  it("asks a callback again that has not answered for 60 s, and says what it waited for [RETRY-6, CONN-7]", async () => {
    let asked = 0;
    const stage = stageClient({
      credential: () => (asked++ === 0 ? forever() : { bearerToken: "second" }),
      limits: { openTimeoutMs: 90_000 },
    });
    const connected = stage.client.ensureConnected();
    await stage.clock.advanceAsync(59_999);
    expect([phaseNameOf(stage), asked]).toEqual(["connecting", 1]);
    await stage.clock.advanceAsync(1);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.TRANSPORT_FAILED,
      message: "The function that gives the credential has not answered within 60 s.",
    });
    expect(stage.errors).toMatchObject([{ code: "CALLBACK_TIMED_OUT" }]);
    await stage.clock.advanceAsync(500);
    await connected;
    expect(tokensOf(stage)).toEqual(["second"]);
  });

  it("asks again after its time whichever attempt waits for the callback [RETRY-6, CONN-6]", async () => {
    let asked = 0;
    const stage = stageClient({ credential: () => (asked++ === 0 ? forever() : undefined) });
    const connected = stage.client.ensureConnected();
    await stage.clock.advanceAsync(59_999);
    expect([isConnected(stage.client.state), asked]).toEqual([false, 1]);
    await stage.clock.advanceAsync(60_000);
    await connected;
    expect(asked).toBe(2);
  });

  it("asks the user where the next credential has not come for 60 s, or as long as was said [RETRY-6, CONN-14]", async () => {
    const stage = stageClient({ credential: givesOnce(forever), limits: { callbackTimeoutMs: 5_000 } });
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.CREDENTIAL_EXPIRED);
    const connected = rejectionAfter(stage, stage.client.ensureConnected(), 5_000);
    expect(await connected).toMatchObject({
      code: "CREDENTIAL_REFRESH_FAILED",
      text: expect.stringContaining("has not answered within 5 s"),
    });
    expect(stage.errors).toMatchObject([{ code: "CALLBACK_TIMED_OUT" }]);
    expect(stage.clock.pending).toBe(0);
  });

  it("ignores a refresh that comes after somebody connected otherwise [RUN-4, INV-8]", async () => {
    const gives: ((credential: Credential) => void)[] = [];
    const stage = stageClient({
      credential: () => new Promise<Credential>((resolve) => void gives.push(resolve)),
    });
    acceptOnly(stage, "new");
    void stage.client.ensureConnected();
    gives[0]?.({ bearerToken: "old" });
    await settle(stage);
    expect(phaseNameOf(stage)).toBe("disconnected");
    const connected = stage.client.ensureConnected();
    gives[1]?.({ bearerToken: "new" });
    await settle(stage);
    await connected;
    expect(linesOf(stage)).toContain("connecting credential_refreshed connecting (ignored)");
    expect(gives).toHaveLength(2);
  });

  it("does nothing with an answer that comes after the client was disposed, and waits for none [INV-5, RUN-3]", async () => {
    let give = (_: Credential): void => {};
    const credential = (): Promise<Credential> =>
      new Promise((resolve) => {
        give = resolve;
      });
    const stage = stageClient({ credential });
    const error = rejectionOf(stage, stage.client.ensureConnected());
    stage.client.dispose();
    expect(stage.clock.pending).toBe(0);
    give({ bearerToken: "late" });
    expect((await error).code).toBe("DISPOSED");
    expect(stage.daemon.connections).toEqual([]);
  });

  it("sends no hello that does not fit the first packet, and says why [PACKET-3]", async () => {
    const stage = stageClient({ credential: { bearerToken: "x".repeat(17_000) } });
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("HELLO_MALFORMED");
    expect(stage.daemon.connection.packets).toEqual([]);
  });
});

function forever(): Promise<never> {
  return new Promise(() => {});
}

/** The MoorlineError that a promise is rejected with when so long has passed. */
async function rejectionAfter(stage: Stage, promise: Promise<unknown>, afterMs: number) {
  promise.catch(() => {});
  await stage.clock.advanceAsync(afterMs);
  return rejectionOf(stage, promise);
}

/** A callback that gives a token at first, and then does what it is told. */
function givesOnce(then: () => Promise<Credential | undefined>): () => Promise<Credential | undefined> {
  let asked = 0;
  return async () => {
    asked += 1;
    return asked === 1 ? { bearerToken: "first" } : then();
  };
}
