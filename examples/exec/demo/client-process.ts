import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { enumToJson, toJson } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createDaemonClient, loadOrCreateSessionKey } from "moorline";
import { createFileStorage } from "moorline/node";
import { ResumptionSchema } from "moorline/schema/moorline/session/v1/packet_pb";
import { TransitionSchema } from "moorline/schema/moorline/state/v1/transition_pb";
import { ExecService } from "../gen/exec/v1/exec_pb.ts";
import { demoCommands, inputLine } from "./commands.ts";
import { type CommandResult, type Progress, readOptions, say } from "./messages.ts";

const PROGRESS_EVERY_LINES = 2000;

/** Counts the lines of one command. */
class Tally {
  next = 1;
  lines = 0;
  duplicates = 0;
  gaps = 0;
}

const { home, endpoint = "", serverId = "", commands = [] } = readOptions();
const tallies: Tally[] = [];
const client = createDaemonClient({
  endpoint,
  expectedServerId: serverId,
  sessionKey: await loadOrCreateSessionKey(createFileStorage(`${home}/client`), serverId),
  credential: { bearerToken: readFileSync(`${home}/token`, "utf8") },
  client: { name: "exec-demo", version: "1.0.0" },
  onTransition: (transition) => say({ type: "transition", transition: toJson(TransitionSchema, transition) }),
});
let generation = 0;
client.subscribe(({ state }) => {
  if (state.case !== "connected" || state.value.generation === generation) return;
  generation = state.value.generation;
  const resumption = String(enumToJson(ResumptionSchema, state.value.attachment?.resumption ?? 0));
  say({ type: "welcomed", resumption: resumption.replace("RESUMPTION_", ""), progress: progress() });
});

function progress(): Progress {
  const sum = (field: keyof Progress): number => tallies.reduce((total, tally) => total + tally[field], 0);
  return { lines: sum("lines"), duplicates: sum("duplicates"), gaps: sum("gaps") };
}

async function* requests(index: number) {
  const { program, arguments: args, inputLines } = commandOf(index);
  yield { request: { case: "start" as const, value: { program, arguments: [...args] } } };
  for (let number = 1; number <= inputLines; number += 1) {
    yield { request: { case: "input" as const, value: inputLine(number) } };
  }
}

function commandOf(index: number) {
  const command = demoCommands[index];
  if (command === undefined) throw new Error(`there is no command ${index}`);
  return command;
}

async function runCommand(exec: Client<typeof ExecService>, index: number): Promise<CommandResult> {
  const tally = new Tally();
  tallies.push(tally);
  const hash = createHash("sha256");
  let exitCode = -1;
  for await (const { response } of exec.run(requests(index))) {
    if (response.case === "line") {
      count(tally, response.value.number);
      if (tally.lines % PROGRESS_EVERY_LINES === 0) say({ type: "progress", progress: progress() });
      hash.update(`${response.value.text}\n`);
    } else if (response.case === "exit") exitCode = response.value.code;
  }
  const { lines, duplicates, gaps } = tally;
  return { lines, duplicates, gaps, sha256: hash.digest("hex"), exitCode };
}

function count(tally: Tally, number: number): void {
  if (number < tally.next) tally.duplicates += 1;
  else {
    tally.gaps += number - tally.next;
    tally.next = number + 1;
    tally.lines += 1;
  }
}

try {
  const exec = client.service(ExecService);
  const run = async (index: number) => say({ type: "ended", command: index, result: await runCommand(exec, index) });
  await Promise.all(commands.map(run));
  await client.close();
} catch (error) {
  say({ type: "failed", message: String(error) });
}
