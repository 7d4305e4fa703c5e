import { type Figures, figureOf, sharedMicros } from "../scene.ts";

interface Run {
  readonly startMs: number;
  readonly startCpu: NodeJS.CpuUsage;
  readonly count: number;
  readonly micros: number[];
  readonly done: (figures: Figures) => void;
}

/** Counts the changes that come, for a run of them. */
export class Follower {
  private run: Run | undefined = undefined;
  private left = 0;

  /**
   * Resolves when `count` changes have come from now on. @returns How many a second, how long after each was made, and CPU time
   * of this process for each.
   */
  readonly follow = (parameters: Figures): Promise<Figures> =>
    new Promise((done) => {
      this.left = figureOf(parameters, "count");
      const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
      this.run = { startMs, startCpu, count: this.left, micros: [], done };
    });

  /** A change came. @param title Of the agent: where it is a number, it says when it was made. */
  came(title: string): void {
    if (this.run === undefined) return;
    const madeAt = Number(title);
    if (!Number.isNaN(madeAt)) this.run.micros.push(sharedMicros() - madeAt);
    this.left -= 1;
    if (this.left === 0) this.finish(this.run);
  }

  private finish({ startMs, startCpu, count, micros, done }: Run): void {
    this.run = undefined;
    const perSecond = (count * 1000) / (performance.now() - startMs);
    const { user, system } = process.cpuUsage(startCpu);
    const p50Micros = micros.sort((a, b) => a - b)[micros.length >> 1] ?? 0;
    done({ perSecond, p50Micros, clientCpuMicros: (user + system) / count });
  }
}
