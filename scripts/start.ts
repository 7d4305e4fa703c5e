/** `npm start`: the demo, from the sources. With `--stay` it has a console, which is built first where it is not up to date. */
import { fileURLToPath } from "node:url";

const args = process.argv.slice(2);
if (args.includes("--stay")) {
  // Only here: without a console the demo starts at once.
  const { buildConsole } = await import("./build-console.ts");
  await buildConsole("production", true);
}
// Processes of the demo are started as this one was.
process.argv = [process.execPath, fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)), "demo", ...args];
await import("../src/cli/main.ts");
