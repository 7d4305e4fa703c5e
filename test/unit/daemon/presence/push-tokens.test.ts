import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { FieldInvalidSchema } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import { RegisterPushTokenRequestSchema } from "../../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { createMemoryPushTokenStore, type PushTokenStore } from "../../../../src/daemon/presence/push-token-store.ts";
import { PushTokens } from "../../../../src/daemon/presence/push-tokens.ts";
import { MoorlineError } from "../../../../src/wire/moorline-error.ts";
import { redact } from "../../../../src/wire/redact.ts";
import { errorOf, resultOf } from "../../rpc/support/echo.ts";
import { type PresenceClient, type PresenceStage, stagePresence } from "./support/presence.ts";

async function register(stage: PresenceStage, client: PresenceClient, service: string, token: string): Promise<void> {
  await resultOf(stage, client.presence.registerPushToken({ service, token }));
}

/** A store whose changes fail. */
function failing(error: unknown): PushTokenStore {
  const fail = () => {
    throw error;
  };
  return { list: () => [], put: fail, delete: fail, deleteSession: fail };
}

describe("RegisterPushToken", () => {
  it("keeps the last token of each service for the session, also of a plain RPC [PRESENCE-9]", async () => {
    const stage = stagePresence();
    const one = stage.join("one", { ref: "a", principal: "anna" });
    const plain = stage.join("two", { ref: "a", principal: "anna", isPlain: true });
    await register(stage, one, "apns", "first");
    await register(stage, plain, "fcm", "other");
    await register(stage, plain, "apns", "second");
    expect(stage.tokens.list()).toEqual([
      { sessionRef: "a", principal: "anna", service: "apns", token: "second" },
      { sessionRef: "a", principal: "anna", service: "fcm", token: "other" },
    ]);
    stage.book.channelLost(one.name);
    expect(stage.tokens.list()).toHaveLength(2);
  });

  it("removes a token by an empty one, and none where there is none [PRESENCE-9]", async () => {
    const stage = stagePresence();
    const client = stage.join("one");
    await register(stage, client, "apns", "token");
    for (const service of ["fcm", "apns", "apns"]) await register(stage, client, service, "");
    expect(stage.tokens.list()).toEqual([]);
  });

  it("keeps tokens of 8 services for a session [PRESENCE-9]", async () => {
    const stage = stagePresence();
    const [one, two] = [stage.join("one"), stage.join("two")];
    for (let n = 1; n <= 8; n += 1) await register(stage, one, `service ${n}`, "token");
    const error = await errorOf(stage, one.presence.registerPushToken({ service: "service 9", token: "s3cret" }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(LimitExceededSchema)).toMatchObject([
      { limit: Limit.PUSH_TOKENS, max: 8n, actual: 9n, outcome: CallOutcome.NOT_SENT },
    ]);
    await register(stage, one, "service 8", "another");
    await register(stage, two, "service 9", "token");
    await register(stage, one, "service 1", "");
    await register(stage, one, "service 9", "token");
    expect(stage.tokens.list()).toHaveLength(9);
  });

  it.each([
    ["service", { service: "", token: "s3cret" }],
    ["service", { service: "x".repeat(65), token: "s3cret" }],
    ["service", { service: "", token: "" }],
    ["token", { service: "apns", token: "s3cret".padEnd(4097, "x") }],
    ["token", { service: "apns", token: "s3cret".padEnd(4095, "é") }],
  ])("refuses a bad %s [PRESENCE-9, PRESENCE-10]", async (field, request) => {
    const stage = stagePresence();
    const error = await errorOf(stage, stage.join("one").presence.registerPushToken(request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(FieldInvalidSchema)).toMatchObject([{ field }]);
    expect(inspect(error, { depth: 10 })).not.toContain("s3cret");
  });

  it("takes what is as long as may be [PRESENCE-9]", async () => {
    const stage = stagePresence();
    await register(stage, stage.join("one"), "x".repeat(64), "é".repeat(2048));
    expect(stage.tokens.list()).toHaveLength(1);
  });
});

describe("push tokens", () => {
  it("end with their session, in the store as well [PRESENCE-9]", () => {
    const store = createMemoryPushTokenStore();
    const tokens = new PushTokens(store);
    const token = { principal: "anna", service: "apns", token: "token" };
    for (const sessionRef of ["a", "b"]) tokens.register({ ...token, sessionRef });
    tokens.sessionExpired("a");
    for (const list of [tokens.list(), store.list(), new PushTokens(store).list()]) {
      expect(list).toEqual([{ ...token, sessionRef: "b" }]);
    }
  });

  it("of sessions that have ended while nobody listened are forgotten at the start [PRESENCE-9]", () => {
    const store = createMemoryPushTokenStore();
    for (const sessionRef of ["a", "b", "c"]) {
      for (const service of ["apns", "fcm"]) store.put({ sessionRef, principal: "", service, token: "token" });
    }
    const tokens = new PushTokens(store);
    tokens.retainSessions(["b", "d"]);
    for (const list of [tokens.list(), store.list()])
      expect(list.map(({ sessionRef }) => sessionRef)).toEqual(["b", "b"]);
  });

  it.each([
    ["a typed error", new MoorlineError("STORAGE_FULL", "The disk is full."), "STORAGE_FULL"],
    ["an error with the token in it", new TypeError("cannot bind s3cret", { cause: "s3cret" }), "TypeError"],
    ["a text with the token in it", "s3cret", "string"],
  ])("that cannot be written are told of without a token: %s [PRESENCE-10]", async (_, thrown, shown) => {
    const stage = stagePresence({ store: failing(thrown) });
    const client = stage.join("one");
    const errors: unknown[] = [];
    const calls = [client.presence.registerPushToken({ service: "apns", token: "s3cret" })];
    calls.push(client.presence.registerPushToken({ service: "apns", token: "" }));
    const settled = Promise.allSettled(calls).then((results) => errors.push(...results));
    await stage.clock.advanceAsync(60_000);
    await settled;
    expect(stage.written.length).toBeGreaterThanOrEqual(2);
    stage.tokens.sessionExpired("ref of one");
    expect(errors).toMatchObject([1, 2].map(() => ({ status: "rejected", reason: { code: Code.Unavailable } })));
    expect(stage.tokens.list()).toEqual([]);
    const said = inspect([errors, stage.written], { depth: 10, showHidden: true });
    expect(said).not.toContain("s3cret");
    expect(said).toContain(shown);
  });

  it("keep what was there where the next cannot be written [PRESENCE-10]", () => {
    const memory = createMemoryPushTokenStore();
    const token = { sessionRef: "a", principal: "", service: "apns", token: "first" };
    memory.put(token);
    const tokens = new PushTokens({ ...failing("the disk"), list: memory.list }, { warn: () => {}, error: () => {} });
    for (const next of ["second", ""])
      expect(() => tokens.register({ ...token, token: next })).toThrow("could not be kept");
    expect(tokens.list()).toEqual([token]);
    tokens.sessionExpired("a");
    expect(tokens.list()).toEqual([]);
  });

  it("are secrets of the schema [PRESENCE-10, SCHEMA-2]", () => {
    const request = create(RegisterPushTokenRequestSchema, { service: "apns", token: "s3cret" });
    expect(redact(RegisterPushTokenRequestSchema, request)).toEqual({ service: "apns", token: "[redacted]" });
  });
});
