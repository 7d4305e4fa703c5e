import { create } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  createHandlerContext,
  type HandlerContext,
} from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ChannelNeededSchema, FieldInvalidSchema } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import {
  PresenceService,
  type PresenceState,
  RegisterPushTokenRequestSchema,
  ReportPresenceRequestSchema,
} from "../../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { createPresenceService } from "../../../../src/daemon/presence/presence-service.ts";
import { type CallSession, callSession } from "../../../../src/server/call-session.ts";
import { errorOf, resultOf } from "../../rpc/support/echo.ts";
import { idOf, report, START_MS, stagePresence } from "./support/presence.ts";

describe("ReportPresence", () => {
  it("holds for the channel, the last report alone [PRESENCE-1]", async () => {
    const stage = stagePresence();
    const [one, two] = [stage.join("one"), stage.join("two", { principal: "anna" })];
    await report(stage, one, "visible", { shows: "x", activeAtMs: START_MS - 5 });
    await report(stage, two, "hidden");
    await report(stage, one, "hidden");
    const common = { shownAgentId: undefined, activeAtMs: undefined, canBeTold: true };
    expect(stage.book.list()).toEqual([
      { ...common, channel: "ref of two/two", principal: "anna", sight: "hidden" },
      { ...common, channel: "ref of one/one", principal: "owner", sight: "hidden" },
    ]);
    stage.book.channelLost(two.name);
    expect(stage.book.list().map(({ channel }) => channel)).toEqual(["ref of one/one"]);
  });

  it("is of its own session, though another one has a channel of the same id [PRESENCE-1]", async () => {
    const stage = stagePresence();
    const [one, two] = [stage.join("same", { ref: "a" }), stage.join("same", { ref: "b", principal: "ben" })];
    await report(stage, one, "visible");
    await report(stage, two, "hidden");
    stage.book.channelDetached(two.name);
    expect(stage.book.list()).toMatchObject([
      { channel: "a/same", principal: "owner", sight: "visible" },
      { channel: "b/same", principal: "ben", sight: "detached" },
    ]);
    stage.book.channelLost(two.name);
    expect(stage.book.list()).toMatchObject([{ channel: "a/same" }]);
  });

  it("needs a channel [PRESENCE-1]", async () => {
    const stage = stagePresence();
    const error = await errorOf(stage, stage.join("plain", { isPlain: true }).presence.reportPresence({}));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.findDetails(ChannelNeededSchema)).toHaveLength(1);
    expect(stage.book.list()).toEqual([]);
  });

  it.each([
    ["agent_id", { agentId: "short" }],
    ["agent_id", { agentId: `${idOf("x")}x` }],
    ["agent_id", { agentId: "=".repeat(22) }],
    ["agent_id", { agentId: `${idOf("x")}\n` }],
    ["active_at", { activeAt: { seconds: 253_402_300_800n } }],
    ["active_at", { activeAt: { seconds: -62_135_596_801n } }],
    ["active_at", { activeAt: { nanos: -1 } }],
    ["active_at", { activeAt: { nanos: 1_000_000_000 } }],
  ])("refuses a bad %s, and leaves the presence as it was [PRESENCE-2]", async (field, request) => {
    const stage = stagePresence();
    const client = stage.join("one");
    await report(stage, client, "visible", { shows: "x" });
    const before = stage.book.list();
    const error = await errorOf(stage, client.presence.reportPresence(request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(FieldInvalidSchema)).toMatchObject([{ field }]);
    expect(stage.book.list()).toEqual(before);
  });

  it("takes a time in the future as now, and one of the past as it is [PRESENCE-2]", async () => {
    const stage = stagePresence();
    const client = stage.join("one");
    stage.clock.advance(1_000);
    const taken: unknown[] = [];
    for (const activeAtMs of [START_MS + 1_001, START_MS + 999, -1, 8.64e15 / 100, START_MS + 1_000]) {
      await report(stage, client, "visible", { activeAtMs });
      taken.push(stage.book.list()[0]?.activeAtMs);
    }
    expect(taken).toEqual([START_MS + 1_000, START_MS + 999, -1, START_MS + 1_000, START_MS + 1_000]);
  });

  it.each<PresenceState>([0, 2, 77 as PresenceState])("takes the state %i as hidden [PRESENCE-2]", async (state) => {
    const stage = stagePresence();
    await resultOf(stage, stage.join("one").presence.reportPresence({ state }));
    expect(stage.book.list()).toMatchObject([{ sight: "hidden" }]);
  });

  it("counts as hidden without a connection, and as it was with the next [PRESENCE-5]", async () => {
    const stage = stagePresence();
    const client = stage.join("one");
    await report(stage, client, "visible", { shows: "x" });
    stage.book.channelDetached(client.name);
    expect(stage.book.list()).toMatchObject([{ sight: "detached", shownAgentId: idOf("x") }]);
    // A report whose handler was kept waiting until the connection was gone.
    await report(stage, client, "visible", { shows: "y" });
    expect(stage.book.list()).toMatchObject([{ sight: "detached", shownAgentId: idOf("y") }]);
    stage.book.channelResumed(client.name);
    expect(stage.book.list()).toMatchObject([{ sight: "visible", shownAgentId: idOf("y") }]);
  });
});

describe("the presence of channels that have reported none", () => {
  it("is not made by what becomes of them [PRESENCE-1]", () => {
    const stage = stagePresence();
    const { name } = stage.join("one");
    stage.book.channelDetached(name);
    stage.book.channelResumed(name);
    stage.book.channelLost(name);
    expect(stage.book.list()).toEqual([]);
  });
});

describe("a call that is over before its handler runs", () => {
  const session = { ref: "a", principal: "owner", channelId: "one", client: () => ({}) } as unknown as CallSession;
  const contextOf = (requestSignal: AbortSignal) =>
    createHandlerContext({
      service: PresenceService,
      method: PresenceService.method.reportPresence,
      protocolName: "test",
      requestMethod: "POST",
      url: "",
      requestSignal,
      contextValues: createContextValues().set(callSession, session),
    });

  it("changes nothing: it would outlive its channel and its session [PRESENCE-1, PRESENCE-9]", () => {
    const { book, tokens } = stagePresence();
    const service = createPresenceService(book, tokens);
    const calls = [
      (context: HandlerContext) => service.reportPresence(create(ReportPresenceRequestSchema), context),
      (context: HandlerContext) => {
        const request = create(RegisterPushTokenRequestSchema, { service: "apns", token: "token" });
        return service.registerPushToken(request, context);
      },
    ];
    for (const call of calls) expect(() => call(contextOf(AbortSignal.abort()))).toThrow(ConnectError);
    expect([...book.list(), ...tokens.list()]).toEqual([]);
    for (const call of calls) call(contextOf(new AbortController().signal));
    expect([...book.list(), ...tokens.list()]).toHaveLength(2);
  });
});
