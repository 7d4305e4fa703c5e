import { join } from "node:path";
import { statePathsOf } from "../../daemon/state-directory.ts";
import { place } from "./commands.ts";
import { Cutter } from "./cutter.ts";
import { DemoClient } from "./demo-client.ts";
import { startDaemon } from "./demo-daemon.ts";
import type { DemoRig } from "./demo-rig.ts";
import { runAllDirectly } from "./expected.ts";
import type { Findings } from "./findings.ts";
import { judge } from "./judge.ts";
import type { ClientMessage } from "./messages.ts";
import { readTimeline, restartClient, restartDaemon, runCommand, survive } from "./scenes.ts";

/**
 * Runs the demo: a daemon and a client, each a process, and between them a cable that is cut again and again. Commands run
 * all the while, and what arrives is compared with what they print when nothing is in between.
 * @throws Error that says what does not hold.
 */
export async function runDemo(rig: DemoRig): Promise<void> {
  rig.report.note("running commands directly, and through a connection that is cut again and again");
  const expecting = runAllDirectly(rig.processes);
  // It is asked for at the end, and may fail long before.
  expecting.catch(() => undefined);
  const findings = await breakEverything(rig);
  await judge(findings, await expecting, rig);
}

async function breakEverything({ home, processes, report }: DemoRig): Promise<Findings> {
  const daemon = await startDaemon(processes, home, 1, 0);
  const cutter = new Cutter(daemon.port);
  const endpoint = `ws://127.0.0.1:${await cutter.listen()}`;
  const tokenFile = statePathsOf(join(home, "state")).token;
  const options = { home: join(home, "client"), tokenFile, endpoint, serverId: daemon.serverId };
  try {
    const first = new DemoClient(processes, options);
    await first.next("welcomed");
    await survive(cutter, first, report);
    const { client, row } = await restartClient(cutter, first, () => new DemoClient(processes, options));
    report.row(row);
    const restart = await restartDaemon(daemon, client, () => startDaemon(processes, home, 2, daemon.port));
    report.row(restart.row);
    report.note("reading everything again");
    const created = [...first.all("created"), ...client.all("created")];
    const records = [];
    for (const { command, agentId } of created) records[command] = await readTimeline(client, command, agentId);
    await runCommand(client, place.last);
    const cutRecord = await readTimeline(client, place.cut, created.at(-1)?.agentId ?? "");
    const directory = await listDirectory(client);
    await client.close();
    restart.daemon.process.child.kill("SIGTERM");
    await restart.daemon.process.ended;
    return {
      clients: [first, client],
      daemons: [daemon, restart.daemon],
      verdicts: [row.verdict, restart.row.verdict],
      shownBeforeRestart: restart.shownBefore,
      records,
      cutRecord,
      directory,
    };
  } finally {
    cutter.close();
  }
}

async function listDirectory(client: DemoClient): Promise<Extract<ClientMessage, { type: "listed" }>> {
  const listed = client.next("listed");
  client.order({ order: "list" });
  return listed;
}
