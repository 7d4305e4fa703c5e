import type { SessionRecord, SessionStore } from "../../../src/server/store.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Process } from "./process.ts";

const MAX_DELAY_MS = 400;

/** What is on the disk of the daemon: outlives its processes. It answers at once, or late. */
export class LateStore {
  private readonly answers: "atOnce" | "late";
  private readonly random: SimulatedRandom;
  private readonly records = new Map<string, SessionRecord>();

  constructor(answers: "atOnce" | "late", random: SimulatedRandom) {
    this.answers = answers;
    this.random = random;
  }

  /** The store as one process sees it. What it has not written when it dies is never written. */
  open(process: Process): SessionStore {
    const { records } = this;
    const perform = <T>(work: () => T): T | Promise<T> => {
      if (this.answers === "atOnce") return work();
      return process.pause(this.random.int(MAX_DELAY_MS)).then(work);
    };
    return {
      list: () => perform(() => [...records.values()]),
      put: (record) => perform(() => void records.set(record.sessionHash, record)),
      delete: (sessionHash) => perform(() => void records.delete(sessionHash)),
    };
  }
}
