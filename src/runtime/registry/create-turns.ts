/** Runs pieces of work one after the other, in the order in which they come; one that fails keeps nobody waiting. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes a {@link Turns}. */
export function createTurns(): Turns {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
}
