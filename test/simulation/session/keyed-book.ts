import type { Clock } from "../../../src/core/clock.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { JournalDisk } from "./journal-disk.ts";
import type { Judge } from "./judge.ts";
import type { Kept } from "./kept.ts";
import type { Process } from "./process.ts";

/** How a run ends: well, with an error that is kept, or with one that says to try again. */
export type RunEnd = "ok" | "failing" | "passing";

/** A request that is made under a key, any number of times, by whoever knows of it. */
export interface KeyedRequest {
  /** The request itself: no other one has the same. */
  readonly text: string;
  readonly sessionHash: string;
  readonly key: string;
  readonly bytes: number;
  readonly workMs: number;
  readonly end: RunEnd;
  /** Callers that wait, or were not told that nothing has run for them. */
  possible: number;
}

/** One run of a handler. */
export interface KeyedEffect {
  readonly no: number;
  readonly request: KeyedRequest;
  readonly kept: Kept | undefined;
  /** How it has ended. Undefined while it runs, or where its process has died. */
  end: RunEnd | undefined;
}

/** Keys of a session that somebody may ask for again. */
const RECENT = 8;

/** Every keyed call of a world: what was asked for, what has run, what was told. The effects are for ever, also of processes that have died. */
export class KeyedBook {
  readonly judge: Judge;
  readonly disk: JournalDisk;
  private readonly clock: Clock;
  /** Requests by their text. */
  private readonly requests = new Map<string, KeyedRequest>();
  /** Requests that were made first under their keys, by session. */
  private readonly firsts = new Map<string, KeyedRequest[]>();
  private readonly effects: KeyedEffect[] = [];

  constructor(judge: Judge, disk: JournalDisk, clock: Clock) {
    this.judge = judge;
    this.disk = disk;
    this.clock = clock;
  }

  /** Draws a request: a new one, one that was made before, or another one under a key that was used before. */
  draw(random: SimulatedRandom, sessionHash: string): KeyedRequest {
    const firsts = this.firsts.get(sessionHash) ?? [];
    if (firsts.length === 0 || random.chance(0.45)) {
      const first = this.add(random, sessionHash, `${firsts.length}`);
      this.firsts.set(sessionHash, [...firsts, first]);
      return first;
    }
    const known = random.pick(firsts.slice(-RECENT));
    return random.chance(0.85) ? known : this.add(random, sessionHash, known.key);
  }

  /** A handler has begun: it may, if its key is written down and has not run. */
  begin(text: string, process: Process): KeyedEffect {
    const { judge, disk } = this;
    const request = this.requests.get(text);
    if (request === undefined) throw new Error(`a handler runs for ${text}, which nobody has asked for`);
    const kept = disk.find(request.sessionHash, request.key);
    judge.claim(kept?.process === process, () => `${text} runs, and its key is not written down`);
    judge.claim(kept?.run === undefined, () => `${text} runs, and ${kept?.run?.request.text} has run under its key`);
    judge.claim(request.possible > 0, () => `${text} runs, and every caller was told NOT_SENT`);
    const effect: KeyedEffect = { no: this.effects.length, request, kept, end: undefined };
    this.effects.push(effect);
    if (kept !== undefined) kept.run = effect;
    return effect;
  }

  /** Somebody was told of the run of a number. @param sinceMs When they had asked. */
  toldRun(request: KeyedRequest, no: number, end: RunEnd, sinceMs: number): void {
    const { judge, clock } = this;
    const effect = this.effects[no];
    const isOwn = effect?.request === request && effect.end === end;
    judge.claim(isOwn, () => `${request.text} is told of run ${no}, which was of ${effect?.request.text}`);
    const kept = effect?.kept;
    if (kept === undefined) return;
    if (kept.process.isAlive && clock.now() > sinceMs && kept.goneMs < sinceMs) {
      judge.fail(`${request.text} is told of run ${no}, which was forgotten before it was asked for`);
    }
    const isDurable = end === "passing" || kept.outcome !== undefined || kept.goneMs <= clock.now();
    judge.claim(isDurable, () => `${request.text} is told of run ${no} before that is on disk`);
    judge.claim(kept.told !== "cut", () => `${request.text} is told of run ${no}, and somebody that nobody knows`);
    kept.told = "run";
  }

  /** Somebody was told that nobody knows how the run has ended. */
  toldCut(request: KeyedRequest, sinceMs: number): void {
    const cut = this.disk
      .since(request.sessionHash, request.key, sinceMs)
      .filter((kept) => kept.isCut && kept.told !== "run");
    this.judge.claim(cut.length > 0, () => `${request.text} is told that its run was cut, and none was`);
    if (cut[0] !== undefined && cut.length === 1) cut[0].told = "cut";
  }

  /** Somebody was told that another request was made under the key. */
  toldReused(request: KeyedRequest): void {
    const others = [...this.requests.values()].filter((other) => {
      return other !== request && other.key === request.key && other.sessionHash === request.sessionHash;
    });
    this.judge.claim(
      others.length > 0,
      () => `${request.text} is the only one under its key, and is refused as another`,
    );
  }

  /** Somebody was told that there is no room. @param sinceMs When they had asked. */
  toldFull(request: KeyedRequest, sinceMs: number): void {
    const { sessionHash, text } = request;
    this.judge.claim(this.disk.wasFull(sessionHash, sinceMs), () => `${text} is refused, and the journal has room`);
  }

  private add(random: SimulatedRandom, sessionHash: string, key: string): KeyedRequest {
    const request = {
      ...{ sessionHash, key, possible: 0 },
      text: `keyed ${this.requests.size}`,
      bytes: random.int(2_000),
      workMs: random.chance(0.5) ? random.int(6_000) : 0,
      end: random.pick<RunEnd>(["ok", "ok", "ok", "ok", "failing", "passing"]),
    };
    this.requests.set(request.text, request);
    return request;
  }
}
