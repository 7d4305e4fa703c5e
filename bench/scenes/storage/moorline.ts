import { join } from "node:path";
import { type Client, createContextValues } from "@connectrpc/connect";
import { idempotencyKey } from "moorline";
import {
  createMemoryJournalStore,
  createMemorySessionStore,
  createMemoryTimelineStore,
  createSqliteJournalStore,
  createSqliteSessionStore,
  createSqliteTimelineStore,
  type JournalStore,
  openSqliteDatabase,
  type SessionStore,
  type TimelineStore,
} from "moorline/server";
import { BenchService } from "../../gen/moorbench/v1/bench_pb.ts";
import { payloadOf } from "../../peers/peer.ts";
import { routes } from "../../peers/service.ts";
import { dialServer, serveRoutes } from "../ends/moorline.ts";
import { createScratchDirectory } from "../ends/scratch-directory.ts";
import { type Figures, figureOf, type Scene } from "../scene.ts";

interface Stores {
  readonly sessions: SessionStore;
  readonly journal: JournalStore;
  readonly timelines: TimelineStore;
}

const ITEM_BYTES = 100;
const PAYLOAD_BYTES = 64;

/** Timelines, sessions and journal on disk. */
export const sqliteStorage: Scene = createStorage(async () => {
  const database = await openSqliteDatabase(join(createScratchDirectory(), "moorline.db"));
  return {
    sessions: createSqliteSessionStore(database),
    journal: createSqliteJournalStore(database),
    timelines: createSqliteTimelineStore(database),
  };
});

/** The same in memory. */
export const memoryStorage: Scene = createStorage(async () => ({
  sessions: createMemorySessionStore(),
  journal: createMemoryJournalStore(),
  timelines: createMemoryTimelineStore(),
}));

function createStorage(open: () => Promise<Stores>): Scene {
  return {
    async serve() {
      const { sessions, journal, timelines } = await open();
      const port = await serveRoutes(routes, {
        store: sessions,
        journal,
        limits: { journal: { maxKeys: 1_000_000, maxBytes: 1 << 30 } },
      });
      return {
        port,
        acts: {
          append: (parameters) => append(timelines, parameters),
          putSessions: (parameters) => putSessions(sessions, figureOf(parameters, "count")),
        },
      };
    },
    async dial(port) {
      const bench = (await dialServer(port)).service(BenchService);
      return {
        call: (parameters) => callMany(parameters, () => bench.echo({ payload: payloadOf(PAYLOAD_BYTES) })),
        callKeyed: (parameters) => callMany(parameters, () => callKeyed(bench)),
      };
    },
  };
}

let lastKey = 0;

function callKeyed(bench: Client<typeof BenchService>): Promise<unknown> {
  lastKey += 1;
  const contextValues = createContextValues().set(idempotencyKey, `call-${lastKey}`);
  return bench.echo({ payload: payloadOf(PAYLOAD_BYTES) }, { contextValues });
}

/** @returns Microseconds for each call. */
async function callMany(parameters: Figures, call: () => Promise<unknown>): Promise<Figures> {
  const [count, inFlight] = [figureOf(parameters, "count"), figureOf(parameters, "inFlight")];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { micros: ((performance.now() - startMs) * 1000) / count };
}

let logs = 0;

/** Appends to a new log, `items` in each turn of the event loop. @returns Microseconds for each item. */
async function append(timelines: TimelineStore, parameters: Figures): Promise<Figures> {
  const [turns, items] = [figureOf(parameters, "turns"), figureOf(parameters, "items")];
  logs += 1;
  const log = await timelines.open(`log-${logs}`);
  const startMs = performance.now();
  for (let turn = 0; turn < turns; turn += 1) {
    await Promise.all(Array.from({ length: items }, () => log.append(payloadOf(ITEM_BYTES))));
  }
  const micros = ((performance.now() - startMs) * 1000) / (turns * items);
  await timelines.delete(log.name);
  return { micros };
}

/** @returns Microseconds for each session that is kept. */
async function putSessions(sessions: SessionStore, count: number): Promise<Figures> {
  const startMs = performance.now();
  for (let i = 0; i < count; i += 1) {
    const sessionRef = i.toString(16).padStart(16, "0");
    const record = { sessionHash: sessionRef.repeat(4), sessionRef, principal: "owner" };
    await sessions.put({ ...record, createdAtMs: startMs, idleLeftMs: 86_400_000 });
  }
  return { micros: ((performance.now() - startMs) * 1000) / count };
}
