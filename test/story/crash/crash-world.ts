import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService, ArchivedFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { DaemonClient } from "../../../src/client/index.ts";
import { statePathsOf } from "../../../src/daemon/state-directory.ts";
import { loadOrCreateIdentity } from "../../../src/server/index.ts";
import { SimulatedRandom } from "../../../src/testing/index.ts";
import { serverIdOf } from "../../../src/wire/server-id.ts";
import { DaemonProcess } from "./daemon-process.ts";
import { judgeKept, judgeRecovered } from "./judge.ts";
import { readKeptState } from "./kept-state.ts";
import { pickKillPoint } from "./kill-point.ts";
import { Ledger } from "./ledger.ts";
import { Visitor } from "./visitor.ts";
import { createWay, type Way } from "./way.ts";

const PROGRAM = { name: "crash", version: "1" };

/** How a daemon is killed. */
export interface CrashOptions {
  /** The program of the daemon, built. */
  readonly script: string;
  readonly seed: number;
  readonly kills: number;
}

/** What has come of it. */
export interface CrashReport {
  /** What must not be. */
  readonly violations: readonly string[];
  /** Where it was killed, in order. */
  readonly kills: readonly string[];
  /** How many keyed calls have ended in which way. */
  readonly calls: Readonly<Record<string, number>>;
  /** Agents that were shown. */
  readonly agents: number;
  /** Items of their timelines that were shown. */
  readonly items: number;
}

/** A daemon on one state directory that dies again and again, and a client that goes on. */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const world = await CrashWorld.create(options);
  try {
    return await world.play(options.kills);
  } finally {
    await world.close();
  }
}

class CrashWorld {
  private readonly script: string;
  private readonly random: SimulatedRandom;
  private readonly stateDirectory: string;
  private readonly ledger = new Ledger();
  private readonly way: Way;
  private readonly recoveries: Promise<void>[] = [];
  private daemon: DaemonProcess;

  private constructor({ script, seed }: CrashOptions, stateDirectory: string, way: Way) {
    this.script = script;
    this.random = new SimulatedRandom(seed);
    this.stateDirectory = stateDirectory;
    this.way = way;
    this.daemon = new DaemonProcess(script);
  }

  /** The identity is there before the daemon, so that its client knows whom it means. */
  static async create(options: CrashOptions): Promise<CrashWorld> {
    const stateDirectory = mkdtempSync(join(tmpdir(), "moorline-crash-"));
    const { publicKey } = await loadOrCreateIdentity(statePathsOf(stateDirectory).identity, PROGRAM);
    return new CrashWorld(options, stateDirectory, createWay(serverIdOf(publicKey)));
  }

  async play(count: number): Promise<CrashReport> {
    const { ledger, way, stateDirectory } = this;
    const visitor = new Visitor(way.client, ledger, this.random.fork());
    const work = visitor.work();
    const kills: string[] = [];
    while (kills.length < count) kills.push(await this.liveOnce());
    way.leadTo((await this.daemon.start({ stateDirectory })) ?? "");
    await Promise.all(this.recoveries);
    visitor.leave();
    await work;
    await visitor.askAgain();
    await this.daemon.kill();
    judgeKept(ledger, await readKeptState(stateDirectory));
    return summarize(ledger, kills);
  }

  /** Nothing is left of it. */
  async close(): Promise<void> {
    this.way.client.dispose();
    await this.daemon.kill();
    rmSync(this.stateDirectory, { recursive: true });
  }

  /** One life of the daemon. @returns Where it ended. */
  private async liveOnce(): Promise<string> {
    const { ledger, way, stateDirectory, daemon } = this;
    const kill = pickKillPoint(this.random);
    const endpoint = await daemon.start({ stateDirectory, kill });
    // The next one loads while this one lives.
    this.daemon = new DaemonProcess(this.script);
    if (endpoint !== undefined) way.leadTo(endpoint);
    const { by, said } = await daemon.ended;
    way.leadNowhere();
    if (by !== "SIGKILL" || said !== "") ledger.blame(`the daemon has ended by ${by}, and said: ${said}`);
    const kept = await readKeptState(stateDirectory);
    judgeKept(ledger, kept);
    this.recoveries.push(listAgents(way.client).then((shown) => judgeRecovered(ledger, kept, shown)));
    return `${kill.place} ${kill.nth}`;
  }
}

/** What the next daemon shows that a client reaches. */
async function listAgents(client: DaemonClient): Promise<Map<string, Agent>> {
  const filter = { archived: ArchivedFilter.INCLUDED };
  for (;;) {
    try {
      const { agents } = await client.service(AgentDirectoryService).listAgents({ filter, pageSize: 1_000 });
      return new Map(agents.map((agent) => [agent.id, agent]));
    } catch (thrown) {
      if (ConnectError.from(thrown).code !== Code.Unavailable) throw thrown;
    }
  }
}

function summarize({ violations, calls, agents }: Ledger, kills: readonly string[]): CrashReport {
  const ends: Record<string, number> = {};
  for (const { end } of calls) ends[end?.case ?? "none"] = (ends[end?.case ?? "none"] ?? 0) + 1;
  const items = [...agents.values()].reduce((sum, { items: { size } }) => sum + size, 0);
  return { violations, kills, calls: ends, agents: agents.size, items };
}
