import { spawnSync } from "node:child_process";

const MOST_CONNECTIONS = 15_000;
/** The part of the file limit that connections may take: a process has other files too. */
const SHARE = 0.75;

/** How many connections one process is to hold: 15,000, or 0.75 of its file limit, which Node raises to the hard one. */
export function manyConnections(): number {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  const limit = Number(stdout);
  return Number.isNaN(limit) ? MOST_CONNECTIONS : Math.min(MOST_CONNECTIONS, Math.floor(limit * SHARE));
}
