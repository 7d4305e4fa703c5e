import { type Figures, figureOf } from "../scene.ts";

/** Counts events, for a run of them. */
export class Receiver {
  private left = 0;
  private done = (): void => {};

  /** @param start Has the server send so many. @returns How many a second came, up to the last. */
  async receive(parameters: Figures, start: (count: number) => void): Promise<Figures> {
    const count = figureOf(parameters, "count");
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      this.left = count;
      this.done = resolve;
      start(count);
    });
    return { perSecond: (count * 1000) / (performance.now() - startMs) };
  }

  /** An event came, decoded. */
  came(offset: number | bigint | undefined): void {
    if (offset === undefined) throw new Error("an event without its place");
    this.left -= 1;
    if (this.left === 0) this.done();
  }
}
