import { Facts } from "../world.ts";

/** Hears what goes wrong in a world that runs on promises, where a throw might be caught by what is under test. */
export class Judge {
  /** How often things have happened. */
  readonly facts = new Facts();
  private firstBroken: string | undefined = undefined;

  /** The first invariant that did not hold. Undefined as long as all do. */
  get broken(): string | undefined {
    return this.firstBroken;
  }

  /** An invariant does not hold. Only the first one counts: the others may follow from it. */
  fail(broken: string): void {
    this.firstBroken ??= broken;
  }

  /** Holds an invariant. `broken` says what is there instead. */
  claim(holds: boolean, broken: () => string): void {
    if (!holds) this.fail(broken());
  }
}
