import { expect, onTestFinished } from "vitest";
import type { TimelineEvent, TimelineLog, TimelineStore, TimelineStoreOptions } from "../../src/server/index.ts";
import { SimulatedClock, SimulatedRandom } from "../../src/testing/index.ts";
import type { MoorlineErrorCode } from "../../src/wire/moorline-error.ts";

/** Where a store of timelines lies that can be opened again. */
export interface TimelinePlace {
  /** A store on the place; the one before it was closed. */
  open(options: TimelineStoreOptions): TimelineStore | Promise<TimelineStore>;
  /** Bounds the store, from now on, to about so many bytes more than it has; undefined: not any more. */
  limit(bytes: number | undefined): void;
}

/** Makes an empty place. */
export type CreatePlace = () => TimelinePlace | Promise<TimelinePlace>;

/** A store of a test, in simulated time. */
export interface TimelineStage {
  readonly clock: SimulatedClock;
  readonly place: TimelinePlace;
  readonly store: TimelineStore;
  /** Lets the turn end, and comes back with what a change has come to. */
  settle<T>(work: Promise<T>): Promise<T>;
  /** The log of a name. */
  log(name?: string): Promise<TimelineLog>;
  /** Closes the store and opens it again. */
  reopen(): Promise<TimelineStage>;
}

/** Sets up a store. */
export async function stageTimelines(
  place: TimelinePlace,
  options: TimelineStoreOptions = {},
  seed = 1,
): Promise<TimelineStage> {
  const clock = new SimulatedClock();
  const store = await place.open({ clock, random: new SimulatedRandom(seed), ...options });
  onTestFinished(() => store.close());
  const settle = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await clock.settle();
    return work;
  };
  return {
    clock,
    place,
    store,
    settle,
    log: (name = "log") => settle(store.open(name)),
    async reopen() {
      store.close();
      return stageTimelines(place, options, seed + 1);
    },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A payload of a test. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What the bytes say. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** An error with the code. */
export function errorOf(code: MoorlineErrorCode) {
  return expect.objectContaining({ name: "MoorlineError", code });
}

/** An event in a line that can be compared. */
export function showEvent(event: TimelineEvent): string {
  switch (event.kind) {
    case "itemAppended":
    case "itemReplaced": {
      const { seq, revision, payload, text } = event.item;
      return `${event.kind} ${seq}@${revision} ${textOf(payload)}|${textOf(text)}`;
    }
    case "textAppended":
      return `textAppended ${event.seq}@${event.revision} ${event.offset}|${textOf(event.text)}`;
    case "epochChanged":
      return "epochChanged";
    case "mark":
      return `mark ${event.cursor.revision}`;
  }
}

/** All events up to the next mark. */
export async function readToMark(watch: AsyncIterator<TimelineEvent, undefined>): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const { value } = await watch.next();
    if (value === undefined) return [...lines, "end"];
    lines.push(showEvent(value));
    if (value.kind === "mark") return lines;
  }
}
