import { type Figures, figureOf, sharedMicros } from "../scene.ts";

/** Between events, in milliseconds: longer than it takes until the last one has an event. */
const EVERY_MS = 60;

/** When an event has come to everybody. */
export class Arrivals {
  private readonly watchers: number;
  private readonly come = new Map<number, number>();
  private readonly lastMicros: number[] = [];
  private left = 0;
  private done = (): void => {};

  /** @param watchers How many there are. */
  constructor(watchers: number) {
    this.watchers = watchers;
  }

  /** Resolves when `count` events have come to all. @returns How long after it was made the last watcher had one. */
  readonly collect = async (parameters: Figures): Promise<Figures> => {
    this.left = figureOf(parameters, "count");
    this.lastMicros.length = 0;
    await new Promise<void>((resolve) => {
      this.done = resolve;
    });
    return { lastMicros: this.lastMicros.sort((a, b) => a - b)[this.lastMicros.length >> 1] ?? 0 };
  };

  /** An event has come to somebody. @param text When it was made. */
  came(text: string): void {
    const madeAt = Number(text);
    if (Number.isNaN(madeAt)) throw new Error(`no event of this run: ${text}`);
    const count = (this.come.get(madeAt) ?? 0) + 1;
    this.come.set(madeAt, count);
    if (count < this.watchers) return;
    this.come.delete(madeAt);
    this.lastMicros.push(sharedMicros() - madeAt);
    this.left -= 1;
    if (this.left === 0) this.done();
  }
}

/** Makes events, one by one. @returns CPU time of the process for each. */
export async function makeEvents(parameters: Figures, make: (text: string) => void): Promise<Figures> {
  const count = figureOf(parameters, "count");
  const before = process.cpuUsage();
  for (let i = 0; i < count; i += 1) {
    make(`${sharedMicros()}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: (user + system) / count };
}
