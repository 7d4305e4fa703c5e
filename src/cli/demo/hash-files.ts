// Prints the SHA-256 of every file below a folder, in the order of their paths. What git keeps for itself is left out: it
// may change at any time.
import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join, relative } from "node:path";

const root = process.argv[2];
if (root === undefined) throw new Error("usage: hash-files FOLDER");

function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== ".git") yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

for (const path of filesBelow(root)) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  process.stdout.write(`${hash.digest("hex")}  ${relative(root, path)}\n`);
}
