import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CursorRefusal, CursorRefusedSchema } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import {
  AssistantMessageSchema,
  CommandOutputSchema,
  ErrorItemSchema,
  ReasoningSchema,
  TodoListSchema,
  ToolCallSchema,
  UserMessageSchema,
} from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { RunItem } from "../../../../src/daemon/provider.ts";
import { decodeItem, encodeItem } from "../../../../src/daemon/timeline/timeline-item.ts";
import { outputItem } from "../support/scripted-provider.ts";
import { showItem, stageAgents } from "../support/stage-agents.ts";

const message = (text: string): RunItem => ({
  case: "assistantMessage",
  value: create(AssistantMessageSchema, { text }),
});

const contents: readonly RunItem[] = [
  message("⚓"),
  { case: "reasoning", value: create(ReasoningSchema, { text: "why" }) },
  { case: "userMessage", value: create(UserMessageSchema, { text: "hi", sessionRef: "0123456789abcdef" }) },
  { case: "toolCall", value: create(ToolCallSchema, { callId: "1", tool: "t", inputJson: "{}", status: 2 }) },
  { case: "todoList", value: create(TodoListSchema, { entries: [{ text: "a", status: 3 }] }) },
  { case: "error", value: create(ErrorItemSchema, { message: "m" }) },
  { case: "commandOutput", value: create(CommandOutputSchema, { stream: 1, data: Uint8Array.of(0, 255) }) },
];

describe("timeline items", () => {
  it.each(contents)("come out as they were: $case [TIMELINE-14]", (content) => {
    const { payload, text } = encodeItem(content);
    const stored = { seq: 3, revision: 5, createdAtMs: 1_234, payload, text: new TextEncoder().encode(text) };
    expect(decodeItem(stored)).toMatchObject({ seq: 3n, revision: 5n, content, createdAt: { seconds: 1n } });
  });

  it("have their growing text beside the rest, whatever it is [TIMELINE-14]", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = encodeItem(message(text));
        expect(encoded.text).toBe(text);
        expect(encoded.payload).toEqual(encodeItem(message("")).payload);
      }),
    );
  });
});

describe("TimelineService: ListTimeline", () => {
  it("gives pages both ways, capped, with where they stand [TIMELINE-15]", async () => {
    const { running, write, timelines, settle } = await stageAgents();
    const { id: agentId, timelineEpoch: epoch } = await running();
    await write("1", "2", "3", "4");
    const page = (request: object) => settle(timelines.listTimeline({ agentId, ...request }));
    const end = await page({ pageSize: 2 });
    expect(end.items.map(showItem)).toEqual(["3", "4"]);
    expect(end).toMatchObject({ cursor: { epoch, revision: 5n }, hasEarlier: true, hasLater: false });
    const before = await page({ pageSize: 2, position: { case: "beforeSeq", value: 4n } });
    expect([before.items.map(showItem), before.hasEarlier, before.hasLater]).toEqual([["1", "2"], true, true]);
    const after = await page({ pageSize: 1_000_000, position: { case: "afterSeq", value: 3n }, epoch });
    expect([after.items.map(showItem), after.hasLater]).toEqual([["3", "4"], false]);
    expect((await page({ pageSize: 0 })).items).toHaveLength(5);
    for (const value of [5n, 2n ** 53n, 2n ** 64n - 1n]) {
      expect((await page({ position: { case: "afterSeq", value } })).items).toEqual([]);
    }
    expect((await page({ position: { case: "beforeSeq", value: 2n ** 64n - 1n } })).items).toHaveLength(5);
    expect((await page({ position: { case: "beforeSeq", value: 0n } })).items).toEqual([]);
  });

  it("refuses the epoch of another timeline, and an agent that is not there [TIMELINE-15, TIMELINE-16]", async () => {
    const { running, timelines, errorOf } = await stageAgents();
    const { id: agentId } = await running();
    const error = await errorOf(timelines.listTimeline({ agentId, epoch: "another" }));
    expect([error.code, error.findDetails(CursorRefusedSchema)]).toMatchObject([
      Code.InvalidArgument,
      [{ reason: CursorRefusal.FOREIGN }],
    ]);
    expect((await errorOf(timelines.listTimeline({ agentId: "nobody" }))).code).toBe(Code.NotFound);
  });
});

describe("TimelineService: WatchTimeline", () => {
  it("follows from a mark, with everything that has changed since [TIMELINE-6, TIMELINE-7]", async () => {
    const { running, write, timelines, clock, registry, provider } = await stageAgents();
    const { id: agentId } = await running();
    const seen: string[] = [];
    const abort = new AbortController();
    const follow = async (cursor?: { epoch: string; revision: bigint }) => {
      const request = cursor === undefined ? { agentId } : { agentId, cursor };
      for await (const { event } of timelines.watchTimeline(request, { signal: abort.signal })) {
        if (event.case === "itemAppended" && event.value.item) seen.push(showItem(event.value.item));
        else if (event.case === "textAppended") seen.push(`+${event.value.offset} ${event.value.text}`);
        else if (event.case === "itemReplaced" && event.value.item) seen.push(`= ${showItem(event.value.item)}`);
        else if (event.case === "mark") seen.push(`mark ${event.value.cursor?.revision}`);
        else seen.push(`${event.case}`);
      }
    };
    const following = follow().catch(() => seen.push("left"));
    await clock.settle();
    await write("one");
    expect(seen).toEqual(["> do it", "mark 1", "one", "mark 2"]);
    const { log } = registry.get(agentId).kept;
    void provider.run.listener.itemsAdded([message("a⚓")]);
    await clock.settle();
    void log.appendText(3, "é!");
    await clock.settle();
    const replacement = encodeItem(outputItem("two"));
    void log.replace(2, replacement.payload);
    await clock.settle();
    expect(seen.slice(4)).toEqual(["assistantMessage", "mark 3", "+4 é!", "mark 4", "= two", "mark 5"]);
    abort.abort();
    await clock.settle();
    await following;
    seen.length = 0;
    const again = new AbortController();
    const next = (async () => {
      const cursor = { epoch: log.epoch, revision: 3n };
      for await (const { event } of timelines.watchTimeline({ agentId, cursor }, { signal: again.signal })) {
        seen.push(`${event.case}`);
      }
    })().catch(() => undefined);
    await clock.settle();
    expect(seen).toEqual(["itemReplaced", "textAppended", "mark"]);
    again.abort();
    await clock.settle();
    await next;
  });

  it("begins anew with an epoch that is not its own, and with a revision ahead [TIMELINE-9]", async () => {
    const { running, timelines, clock } = await stageAgents();
    const { id: agentId, timelineEpoch } = await running();
    for (const cursor of [
      { epoch: "another", revision: 1n },
      { epoch: timelineEpoch, revision: 2n ** 64n - 1n },
    ]) {
      const seen: string[] = [];
      const abort = new AbortController();
      const following = (async () => {
        for await (const { event } of timelines.watchTimeline({ agentId, cursor }, { signal: abort.signal })) {
          seen.push(`${event.case}`);
        }
      })().catch(() => undefined);
      await clock.settle();
      abort.abort();
      await clock.settle();
      await following;
      expect(seen).toEqual(["epochChanged", "itemAppended", "mark"]);
    }
  });

  it("ends with NOT_FOUND where there is no such agent [TIMELINE-16]", async () => {
    const { timelines, errorOf } = await stageAgents();
    const watch = timelines.watchTimeline({ agentId: "nobody" })[Symbol.asyncIterator]();
    expect((await errorOf(watch.next())).code).toBe(Code.NotFound);
  });
});
