import { describe, expect, it } from "vitest";
import { createMemoryJournalStore, createMemorySessionStore } from "../../../../src/server/index.ts";
import { disks } from "../support/disks.ts";
import { KEY, OTHER_KEY } from "../support/hello.ts";
import { ask, connect, type JournalStage, stageJournal, TroubledStore, told } from "../support/journal.ts";

const HOUR = 3_600_000;
const limits = { session: { maxSessions: 2, replayMs: 1 } };

/** A session that makes a keyed call or none, and becomes idle. */
async function visit(stage: JournalStage, sessionKey: string, key?: string): Promise<void> {
  const client = connect(stage, 1, { sessionKey });
  await stage.clock.settle();
  if (key !== undefined) expect(told(await ask(stage, client, key, { method: "put" }))).toBe("put");
  client.link.connection.abort();
  await stage.clock.advanceAsync(10);
}

/** What a new client is told. */
function knock(stage: JournalStage): string {
  const client = stage.greet({ sessionKey: "key-of-one-client-too-many" });
  return client.isOpen ? "welcome" : client.farewell;
}

describe("an idle session with keys in the journal", () => {
  it("stays where its principal has too many: a later one without any ends [SESSION-4]", async () => {
    const stage = stageJournal({ limits });
    await visit(stage, KEY, "k");
    await visit(stage, OTHER_KEY);
    expect(knock(stage)).toBe("welcome");
    const again = await ask(stage, connect(stage, 2), "k", { method: "put" });
    expect(told(again)).toBe("put");
    expect(stage.events.filter(({ kind }) => kind === "expired")).toHaveLength(1);
  });

  it("keeps a new one out where there is no other, for as long as its keys are kept [SESSION-4]", async () => {
    const stage = stageJournal({ limits });
    await visit(stage, KEY, "k");
    await visit(stage, OTHER_KEY, "k");
    expect(knock(stage)).toBe("TOO_MANY_SESSIONS");
    await stage.clock.advanceAsync(24 * HOUR);
    expect(knock(stage)).toBe("welcome");
  });

  it("is of no weight any more once it is ended [SESSION-4, JOURNAL-10]", async () => {
    const stage = stageJournal({ limits });
    await visit(stage, KEY, "k");
    await visit(stage, OTHER_KEY, "k");
    stage.server.sessions.end(stage.server.sessions.list()[0]?.ref ?? "");
    await visit(stage, KEY);
    expect(knock(stage)).toBe("welcome");
  });

  it.each(disks)("is known to the next process, of %s [SESSION-4]", async (_, createDisk) => {
    const openJournal = await createDisk();
    const store = createMemorySessionStore();
    const first = stageJournal({ limits, store });
    const journal = openJournal(first.clock);
    const start = (seed: number) => stageJournal({ limits, store, journal, simulated: first.clock, seed });
    const stage = start(1);
    await visit(stage, KEY, "k");
    await visit(stage, OTHER_KEY, "k");
    await stage.server.close();
    expect(knock(start(2))).toBe("TOO_MANY_SESSIONS");
  });

  it("is every one where the journal cannot tell [SESSION-4, JOURNAL-11]", async () => {
    const journal = new TroubledStore(createMemoryJournalStore());
    journal.fail("sessions");
    const stage = stageJournal({ limits, journal });
    await visit(stage, KEY);
    await visit(stage, OTHER_KEY);
    expect(knock(stage)).toBe("TOO_MANY_SESSIONS");
    expect(stage.written.flat()).toContainEqual(expect.stringContaining("the journal has failed"));
  });
});
