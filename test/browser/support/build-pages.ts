import { buildConsole } from "../../../scripts/build-console.ts";

/** Builds what the tests open, where it is older than what it is made of. */
export default async function setup(): Promise<void> {
  await buildConsole("production", true);
  await buildConsole("fixture", true);
  await buildConsole("strict", true);
}
