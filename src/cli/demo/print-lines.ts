// Prints numbered lines. With two more arguments it pauses after every so many of them, for so many milliseconds.
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

const [count = 0, pauseEvery = 0, pauseMs = 0] = process.argv.slice(2).map(Number);
for (let number = 1; number <= count; number += 1) {
  const line = `line ${number} of ${count}: what is moored is still there on the next tide\n`;
  if (!process.stdout.write(line)) await once(process.stdout, "drain");
  if (pauseEvery > 0 && number % pauseEvery === 0) await wait(pauseMs);
}
