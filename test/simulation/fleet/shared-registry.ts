import { createHostRegistry } from "../../../src/runtime/registry/create-host-registry.ts";
import { createTurns } from "../../../src/runtime/registry/create-turns.ts";
import type { HostRegistry } from "../../../src/runtime/registry/host-registry.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Judge } from "../session/judge.ts";
import type { Process } from "../session/process.ts";

/** What the place of a registry does: answers at once, or late; cannot be read and written; or only read. */
export type RegistryMood = "well" | "late" | "throwing" | "full";

const LATE_MS = 1_500;

/** The registry of a user, which all programs share. Outlives them; what one has not written when it dies is never written. */
export class SharedRegistry {
  /** What its place does now. */
  mood: RegistryMood = "well";
  /** What was written last. */
  text: string | undefined = undefined;
  private readonly judge: Judge;
  private readonly random: SimulatedRandom;
  private readonly turns = createTurns();

  constructor(judge: Judge, random: SimulatedRandom) {
    this.judge = judge;
    this.random = random;
  }

  /** The registry as one program has it. @param died Resolves when that dies, with which it holds it no longer. */
  open(process: Process, died: Promise<never>): HostRegistry {
    return createHostRegistry({
      name: "the registry",
      alone: (work) => this.turns(() => Promise.race([work(), died])),
      read: () => this.perform(process, "read", () => this.text),
      write: (text) =>
        this.perform(process, "write", () => {
          this.text = text;
        }),
      keepCopy: () => true,
    });
  }

  private async perform<T>(process: Process, what: "read" | "write", work: () => T): Promise<T> {
    const { mood, random } = this;
    this.judge.facts.count(`registry ${mood}: ${what}`);
    if (mood === "late") await process.pause(random.int(LATE_MS));
    if (mood === "throwing") throw new Error("the registry does not want to");
    if (mood === "full" && what === "write") throw Object.assign(new Error("full"), { name: "QuotaExceededError" });
    return process.isAlive ? work() : new Promise<never>(() => {});
  }
}
