import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ClientPacketSchema, Purpose, ServerPacketSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { TransitionOutcome, TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { filterLog, NO_FILTER } from "../../../src/console/log/filter-log.ts";
import { createPacketLog } from "../../../src/console/log/packet-log.ts";
import { reasonOf } from "../../../src/console/log/reason-of.ts";
import { summarizePacket } from "../../../src/console/log/summarize-packet.ts";
import { toTranscript } from "../../../src/console/log/transcript.ts";
import { createTransitionJournal } from "../../../src/console/log/transition-journal.ts";

const SECRET = "secret-of-somebody-0123456789";

function transition(init: MessageInitShape<typeof TransitionSchema>) {
  return create(TransitionSchema, { outcome: TransitionOutcome.TAKEN, machine: "connection", ...init });
}

describe("createTransitionJournal", () => {
  it("keeps records, and where each machine is; what was ignored moves none", () => {
    const journal = createTransitionJournal();
    let changes = 0;
    journal.subscribe(() => {
      changes += 1;
    });
    const before = journal.getSnapshot();
    journal.record(transition({ from: "idle", event: "connect_requested", to: "connecting" }));
    journal.record(transition({ machine: "probe", subject: "a", from: "opening", event: "late", to: "opening" }));
    journal.record(
      transition({ from: "connecting", event: "disposed", to: "disposed", outcome: TransitionOutcome.IGNORED }),
    );
    const { entries, machines, total } = journal.getSnapshot();
    expect([before.total, total, changes, entries.map(({ id }) => id)]).toEqual([0, 3, 3, [1, 2, 3]]);
    expect(machines.map(({ key, state }) => [key, state])).toEqual([
      ["connection/", "connecting"],
      ["probe/a", "opening"],
    ]);
    expect(journal.getSnapshot()).toBe(journal.getSnapshot());
  });

  it("keeps 2,000 records and 64 machines, the last ones", () => {
    const journal = createTransitionJournal();
    for (let index = 1; index <= 5_000; index += 1) journal.record(transition({ subject: `${index % 100}`, to: "x" }));
    const { entries, machines, total } = journal.getSnapshot();
    expect([entries.length, entries[0]?.id, machines.length, total]).toEqual([2_000, 3_001, 64, 5_000]);
  });
});

describe("createTransitionJournal: what was looked at", () => {
  it("keeps no machine of it that has come to its end, or has gone back to where it began [CONSOLE-14]", () => {
    const journal = createTransitionJournal();
    const steps = [
      { machine: "sync", subject: "", to: "idle" },
      { machine: "sync", subject: "agent", to: "ready" },
      { machine: "creation", subject: "key", from: "pending", to: "pending" },
    ];
    for (const step of steps) journal.record(transition(step));
    expect(journal.getSnapshot().machines.map(({ key }) => key)).toEqual(["sync/", "sync/agent", "creation/key"]);
    journal.record(transition({ machine: "sync", subject: "agent", from: "ready", to: "idle" }));
    journal.record(transition({ machine: "creation", subject: "key", from: "pending", to: "reconciled" }));
    expect(journal.getSnapshot().machines.map(({ key }) => key)).toEqual(["sync/"]);
  });

  it("lets those go first that were not heard of for the longest time [CONSOLE-14]", () => {
    const journal = createTransitionJournal();
    journal.record(transition({ to: "connecting" }));
    for (let index = 1; index <= 100; index += 1) {
      journal.record(transition({ machine: "sync", subject: `${index}`, to: "ready" }));
      journal.record(transition({ to: "connected" }));
    }
    const { machines } = journal.getSnapshot();
    expect([machines.length, machines[0]?.key, machines[1]?.key]).toEqual([64, "connection/", "sync/38"]);
  });
});

describe("filterLog", () => {
  const journal = createTransitionJournal();
  journal.record(transition({ from: "idle", event: "connect_requested", to: "connecting" }));
  journal.record(transition({ from: "connecting", event: "welcomed", to: "connected", message: "Resumed" }));
  journal.record(
    transition({ machine: "probe", from: "opening", event: "late", to: "opening", outcome: TransitionOutcome.IGNORED }),
  );
  const reason = { case: "hostError", value: HostErrorReason.ALL_REFUSED } as const;
  journal.record(transition({ machine: "host", from: "selecting", event: "client_lost", to: "error", reason }));
  const { entries } = journal.getSnapshot();

  it.each([
    [{}, [1, 2, 3, 4]],
    [{ machine: "probe" }, [3]],
    [{ outcome: "ignored" }, [3]],
    [{ outcome: "taken" }, [1, 2, 4]],
    [{ text: "RESUMED connected" }, [2]],
    [{ text: "all refused" }, [4]],
    [{ text: "nowhere" }, []],
  ] as const)("shows by %o [CONSOLE-13]", (filter, ids) => {
    expect(filterLog(entries, { ...NO_FILTER, ...filter }).map(({ id }) => id)).toEqual(ids);
  });
});

describe("reasonOf", () => {
  const cases = TransitionSchema.oneofs.find(({ name }) => name === "reason")?.fields ?? [];

  it.each(cases.map((field) => [field.name, field] as const))("says %s in words [CONSOLE-13]", (_, field) => {
    const reason = { case: field.localName, value: field.enum?.values.at(-1)?.number } as ReturnType<
      typeof transition
    >["reason"];
    expect(reasonOf({ reason })).toMatch(/^[a-z ]{4,}$/);
  });

  it("says nothing where there is none", () => {
    expect(reasonOf(transition({}))).toBe("");
  });
});

describe("summarizePacket", () => {
  it("shows of a hello what it is for, and neither key nor credential [CONSOLE-10]", () => {
    const hello = {
      sessionKey: SECRET,
      purpose: Purpose.PROBE,
      credential: { case: "bearerToken" as const, value: SECRET },
    };
    const packet = toBinary(ClientPacketSchema, create(ClientPacketSchema, { body: { case: "hello", value: hello } }));
    const summary = summarizePacket("sent", packet);
    expect(summary).toEqual({ direction: "sent", bytes: packet.length, kind: "hello", received: 0, purpose: "probe" });
  });

  it("shows of frames how many there are of each kind and the methods, and no payload, header or message [CONSOLE-10]", () => {
    const bytes = new TextEncoder().encode(SECRET);
    const open = { method: "/a.b.Service/Call", headers: [{ name: "authorization", value: SECRET }], message: bytes };
    const frames = [
      { callId: 1n, body: { case: "open" as const, value: open } },
      { callId: 1n, body: { case: "message" as const, value: bytes } },
      { callId: 1n, body: { case: "message" as const, value: bytes } },
      { callId: 3n, body: { case: "open" as const, value: { method: `${SECRET} is no method` } } },
      { callId: 1n, body: { case: "end" as const, value: { code: 3, message: SECRET } } },
    ];
    const message = create(ClientPacketSchema, {
      received: 7n,
      body: { case: "frames", value: { first: 5n, frames } },
    });
    const summary = summarizePacket("sent", toBinary(ClientPacketSchema, message));
    expect(summary).toMatchObject({ kind: "frames", received: 7, first: 5, frames: { open: 2, message: 2, end: 1 } });
    expect(summary.methods).toEqual(["a.b.Service/Call"]);
    expect(JSON.stringify(summary)).not.toContain(SECRET);
  });

  it("reads what came as the daemon's, and says what is malformed [CONSOLE-10]", () => {
    const goAway = create(ServerPacketSchema, { body: { case: "goAway", value: { message: SECRET } } });
    const { bytes, ...summary } = summarizePacket("received", toBinary(ServerPacketSchema, goAway));
    expect([bytes > 0, summary]).toEqual([true, { direction: "received", kind: "goAway", received: 0 }]);
    expect(summarizePacket("received", new Uint8Array()).kind).toBe("acknowledgement");
    expect(summarizePacket("received", Uint8Array.of(0xff)).kind).toBe("malformed");
  });
});

describe("toTranscript", () => {
  it("is JSON lines in the order of time, with whose it is in the first [CONSOLE-10]", () => {
    const journal = createTransitionJournal();
    journal.record(transition({ from: "a", event: "b", to: "c", at: timestampFromMs(2_000) }));
    journal.record(transition({ from: "c", event: "d", to: "e", at: timestampFromMs(4_000) }));
    const packets = createPacketLog(() => 3_000);
    packets.tap("sent", new Uint8Array());
    const parts = { entries: journal.getSnapshot().entries, packets: packets.list(), serverId: "id", version: "1.0.0" };
    const lines = toTranscript(parts)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { type: "transcript", version: "1.0.0", serverId: "id" },
      expect.objectContaining({ type: "transition", event: "b", outcome: "TRANSITION_OUTCOME_TAKEN" }),
      {
        type: "packet",
        at: "1970-01-01T00:00:03.000Z",
        direction: "sent",
        bytes: 0,
        kind: "acknowledgement",
        received: 0,
      },
      expect.objectContaining({ type: "transition", event: "d" }),
    ]);
  });

  it("has the last 2,000 packets at most [CONSOLE-10]", () => {
    const packets = createPacketLog(() => 0);
    for (let count = 0; count < 4_000; count += 1) packets.tap("sent", new Uint8Array());
    expect(packets.list()).toHaveLength(2_000);
  });
});
