import { once } from "node:events";
import { createFileStorage } from "../../../src/node/file-storage.ts";

/** Says that it is ready, waits for a byte, then races for one key of a storage and prints what it got, as JSON. */
const [directory = "", callers = "0"] = process.argv.slice(2);
process.stdout.write("ready\n");
await once(process.stdin, "data");
const racing = Array.from({ length: Number(callers) }, (_, i) =>
  createFileStorage(directory).putIfAbsent("race", `value ${i} of ${process.pid}`.padEnd(10_000, ".")),
);
process.stdout.write(`${JSON.stringify([...new Set(await Promise.all(racing))])}\n`);
process.stdin.destroy();
