import { createSqliteTimelineStore, openSqliteDatabase } from "../../../../src/server/index.ts";

/**
 * Writes a timeline until it is killed. Each line on the standard output is what a watcher was shown: the item's seq, its
 * revision, and how long its text is.
 */
const [path = "", seed = "0"] = process.argv.slice(2);
const store = createSqliteTimelineStore(await openSqliteDatabase(path));
const log = await store.open("log");
const payload = new TextEncoder().encode(seed);

async function write(): Promise<never> {
  for (;;) {
    const turn = Array.from({ length: 1 + (log.lastSeq % 7) }, () => log.append(payload, { text: "text" }));
    if (log.lastSeq > 0) turn.push(log.appendText(log.lastSeq, "more"));
    await Promise.all(turn);
  }
}

void write();
for await (const event of log.watch(log.cursor)) {
  if (event.kind === "itemAppended") show(event.item.seq, event.item.revision, event.item.text.length);
  if (event.kind === "textAppended") show(event.seq, event.revision, event.offset + event.text.length);
}

function show(seq: number, revision: number, textBytes: number): void {
  process.stdout.write(`${seq} ${revision} ${textBytes}\n`);
}
