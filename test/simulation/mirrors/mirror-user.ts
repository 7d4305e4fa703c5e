import { fromBinary } from "@bufbuild/protobuf";
import { AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentDirectory } from "../../../src/runtime/mirror/agent-directory.ts";
import type { AgentTimeline } from "../../../src/runtime/mirror/agent-timeline.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import type { Judge } from "../session/judge.ts";
import type { Process } from "../session/process.ts";
import type { DiskState, DiskUser } from "./mirror-disk.ts";

/** What a {@link MirrorUser} looks at. */
export interface MirrorProgram {
  readonly judge: Judge;
  readonly name: string;
  readonly process: Process;
  /** Whether it was not stopped. */
  isLiving(): boolean;
  /** Its directory. Undefined: it has none any more. */
  directory(): AgentDirectory | undefined;
  /** The timeline that is kept under a key. Undefined: it looks at none. */
  timeline(key: string): AgentTimeline | undefined;
  /** How often what is kept under a key was stopped: what it has asked for before is nothing to it then. */
  stopsOf(key: string): number;
}

/** A storage that is to write, and does not answer, is waited for 10 s. Spec: MIRROR-10. */
const TOLD_WITHIN_MS = 12_000;

/** A directory and two timelines. */
const MAX_MIRRORS = 3;

/** A program that keeps its mirrors: what it was given back is shown at once, and what is done to it is told as it is. */
export class MirrorUser implements DiskUser {
  readonly process: Process;
  private readonly program: MirrorProgram;
  /** Things that the disk has done to it. */
  private wrongs = 0;
  /** Mirrors that may have waited for the disk while the program slept: what it answers then comes too late. */
  private overslept = 0;
  private told = 0;
  private timeouts = 0;

  constructor(program: MirrorProgram) {
    this.program = program;
    this.process = program.process;
  }

  wronged(): void {
    const { judge, name, process } = this.program;
    this.wrongs += 1;
    void process.pause(TOLD_WITHIN_MS).then(() => {
      if (!this.program.isLiving()) return;
      judge.claim(this.told > 0, () => `storage: ${name} has told nothing of ${this.wrongs} failures of its storage`);
    });
  }

  /** It sleeps. */
  slept(): void {
    this.overslept += MAX_MIRRORS;
  }

  asks(key: string): (state: DiskState) => void {
    const { timeouts, program } = this;
    const stops = program.stopsOf(key);
    return (state) => {
      // It has not waited for so long.
      if (this.timeouts !== timeouts || program.stopsOf(key) !== stops) return;
      if (state.health === "damaged") this.wronged();
      else this.process.host.clock.defer(() => this.judgeRestored(key, state));
    };
  }

  /** Its runtime has told of an error. @returns Whether that was to be expected. */
  hear(error: unknown): boolean {
    if (!(error instanceof MoorlineError) || !error.code.startsWith("STORAGE_")) return false;
    const { judge, name } = this.program;
    judge.facts.count(`told ${error.code}`);
    if (error.code === "STORAGE_TIMED_OUT") this.timeouts += 1;
    this.told += 1;
    judge.claim(
      this.told <= this.wrongs + this.overslept,
      () => `storage: ${name} has told of ${this.told} errors, and ${this.wrongs} were there: ${error.message}`,
    );
    return true;
  }

  /** What it was given is shown, and nothing else has happened yet. Spec: MIRROR-1, SYNC-3. */
  private judgeRestored(key: string, state: DiskState): void {
    if (!this.program.isLiving()) return;
    if (key.includes("/timeline/")) this.judgeTimeline(key, state);
    else this.judgeDirectory(state);
  }

  private judgeDirectory({ entries }: DiskState): void {
    const directory = this.program.directory();
    if (directory === undefined) return;
    const kept = [...entries.values()].map(({ bytes }) => fromBinary(AgentSchema, bytes));
    const shown = new Map(directory.agents.getSnapshot().map(({ id, title }) => [id, title]));
    const isShown = kept.length === shown.size && kept.every(({ id, title }) => shown.get(id) === title);
    this.judgeShown(directory, isShown, "its agents");
  }

  private judgeTimeline(key: string, { entries }: DiskState): void {
    const timeline = this.program.timeline(key);
    if (timeline === undefined) return;
    const { items } = timeline.items.getSnapshot();
    const isShown =
      items.length === entries.size &&
      items.every(({ seq, revision }) => entries.get(`${seq}`)?.revision === Number(revision));
    this.judgeShown(timeline, isShown, timeline.agentId);
  }

  private judgeShown({ sync }: Pick<AgentTimeline, "sync">, isShown: boolean, what: string): void {
    const { judge, name } = this.program;
    const phase = sync.getSnapshot().state.case;
    judge.facts.count("mirrors restored");
    judge.claim(isShown, () => `restored: ${name} was given what it had of ${what}, and does not show it`);
    const isKnown = phase !== "idle" && phase !== "initialLoading";
    judge.claim(isKnown, () => `restored: ${name} has ${what} back, and is ${phase}: it asks for everything`);
  }
}
