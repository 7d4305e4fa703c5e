import { type CheckedCommand, checkCommand, checkCutCommand } from "./check-command.ts";
import { checkDirectory } from "./check-directory.ts";
import { checkPrinted, checkRecord, checkUnchanged } from "./check-record.ts";
import { checkTransitions } from "./check-transitions.ts";
import { demoCommands, place } from "./commands.ts";
import type { DemoClient } from "./demo-client.ts";
import type { DemoProcesses } from "./demo-process.ts";
import type { DemoRig } from "./demo-rig.ts";
import { type Expected, runDirectly } from "./expected.ts";
import type { Findings } from "./findings.ts";
import type { CommandResult, ItemMark, TimelineRecord } from "./messages.ts";
import type { Report } from "./report.ts";

/**
 * Judges what was seen, and reports what was checked.
 * @throws Error that says what does not hold.
 */
export async function judge(
  findings: Findings,
  expected: readonly Expected[],
  { processes, report }: Pick<DemoRig, "processes" | "report">,
): Promise<void> {
  const commands = checkCommands(findings, expected);
  report.commands(commands);
  const wrong = commands.findIndex(({ isSame }) => !isSame);
  if (wrong >= 0) throw new Error(await explain(wrong, expected[wrong], processes));
  checkVerdicts(findings);
  checkTimelines(findings, report);
  checkAgents(findings, report);
  const { clients, daemons } = findings;
  const ours = clients.flatMap((client) => client.all("transition").map(({ transition }) => transition));
  const theirs = daemons.flatMap((daemon) => daemon.transitions());
  const counts = { client: checkTransitions(ours), daemon: checkTransitions(theirs) };
  if (counts.client === 0 || counts.daemon === 0) throw new Error("there is no transition log");
  const text = `${counts.client} transitions of the client and ${counts.daemon} of the daemon, each a row of its machine's table`;
  report.check({ check: "transitions", counts, text });
}

function checkCommands({ clients }: Findings, expected: readonly Expected[]): CheckedCommand[] {
  return demoCommands.map(({ name }, command) => {
    const check = command === place.cut ? checkCutCommand : checkCommand;
    return check(name, resultOf(clients, command), expected[command] as Expected);
  });
}

/** What became of the sessions. The faults before are judged by what arrived. */
function checkVerdicts({ verdicts }: Findings): void {
  const wrong = verdicts.find((verdict) => verdict !== "REATTACHED");
  if (wrong !== undefined) throw new Error(`a client or daemon that was started again got ${wrong}, not REATTACHED`);
}

/** Nothing that was shown is gone, and nothing was added after the daemon was started again. */
function checkTimelines({ clients, records, cutRecord, shownBeforeRestart }: Findings, report: Report): void {
  const counts = { items: 0, notShownBefore: 0 };
  records.forEach((record, command) => {
    const epoch = createdBy(clients, command)?.epoch ?? "";
    checkRecord(record, { epoch, items: shownOf(clients, command) });
    checkPrinted(record, resultOf(clients, command));
    counts.items += record.items.length;
  });
  const epoch = createdBy(clients, place.cut)?.epoch ?? "";
  counts.notShownBefore = checkRecord(cutRecord, { epoch, items: shownBeforeRestart });
  checkUnchanged(records[place.cut] as TimelineRecord, cutRecord);
  const text = `3 timelines read again after the daemon was killed: ${counts.items} items, all that were shown as they were shown, ${counts.notShownBefore} that had been kept and were not shown yet`;
  report.check({ check: "timelines", counts, text });
}

function checkAgents({ clients, directory: { mirrored, listed } }: Findings, report: Report): void {
  const agentIds = demoCommands.map((_, command) => createdBy(clients, command)?.agentId ?? "");
  checkDirectory(mirrored, listed, agentIds);
  const text = `${listed.length} agents, one for each idempotency key; the client's mirror of the directory is what the daemon lists`;
  report.check({ check: "directory", counts: { agents: listed.length }, text });
}

function createdBy(clients: readonly DemoClient[], command: number) {
  return clients.flatMap((client) => client.all("created")).find((message) => message.command === command);
}

function shownOf(clients: readonly DemoClient[], command: number): ItemMark[] {
  return clients.flatMap((client) => client.shownOf(command));
}

function resultOf(clients: readonly DemoClient[], command: number): CommandResult {
  const ended = clients.flatMap((client) => client.all("ended")).find((message) => message.command === command);
  if (ended === undefined) throw new Error(`"${demoCommands[command]?.name}" has not ended`);
  return ended.result;
}

/** Why a command did not arrive as it was printed: perhaps it prints something else now. */
async function explain(index: number, expected: Expected | undefined, processes: DemoProcesses): Promise<string> {
  const command = demoCommands[index];
  if (command === undefined || expected === undefined) return "there is no such command";
  const now = await runDirectly(command, processes);
  if (now.output.equals(expected.output)) return `"${command.name}" did not arrive as it was printed`;
  return `"${command.name}" prints something else each time: files have changed meanwhile, run the demo again`;
}
