import { createSqliteJournalStore, openSqliteDatabase } from "../../../../src/server/index.ts";
import { journalOutcome } from "./journal-outcome.ts";

/**
 * Keeps a journal until it is killed, a few calls at a time. Each line on the standard output is something that is on disk:
 * `accepted` or `completed`, and the number of the call, which is its key and the time of its acceptance.
 */
const [path = "", first = "1"] = process.argv.slice(2);
const store = createSqliteJournalStore(await openSqliteDatabase(path));

async function call(number: number): Promise<void> {
  const name = { sessionHash: "session", key: `${number}` };
  const request = { method: "pkg.v1.Service/Do", requestHash: `hash ${number}` };
  await store.accept({ ...name, ...request, acceptedAtMs: number, epoch: first, outcome: undefined });
  process.stdout.write(`accepted ${number}\n`);
  await store.complete(name.sessionHash, name.key, journalOutcome(number));
  process.stdout.write(`completed ${number}\n`);
}

for (let number = Number(first); ; number += 5) {
  await Promise.all([0, 1, 2, 3, 4].map((offset) => call(number + offset)));
}
