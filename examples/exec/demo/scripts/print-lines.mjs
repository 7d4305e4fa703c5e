// Prints numbered lines, then what came as input: how many lines, and their hash.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";

const count = Number(process.argv[2]);
for (let number = 1; number <= count; number += 1) {
  const line = `line ${number} of ${count}: what is moored is still there on the next tide\n`;
  if (!process.stdout.write(line)) await once(process.stdout, "drain");
}
const hash = createHash("sha256");
let lines = 0;
for await (const line of createInterface({ input: process.stdin })) {
  hash.update(`${line}\n`);
  lines += 1;
}
process.stdout.write(`input: ${lines} lines, SHA-256 ${hash.digest("hex")}\n`);
