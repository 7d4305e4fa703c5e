/** Below this a buffer weighs too little to be counted. */
const LEAST_BYTES = 4 * 1024;
/** A slot of an array, in bytes: 8 in Node, half of that in browsers. */
const SLOT_BYTES = 8;
/** Slots that are taken at once, which is well below what engines treat as a large object. */
const MAX_SLOTS = 8 * 1024;
/** How much of the young heap is taken for a buffer, as a share of its size: at first, at most, and by how much it grows. */
const WEIGHT = { first: 0.5, most: 2, growth: 1.25 };
const MIB = 1024 * 1024;
/** A full collection after so many bytes of buffers has come because of them; after fewer, it had other reasons. */
const TELLING_BYTES = { least: 16 * MIB, most: 256 * MIB };

/** Keeps the engine from leaving out an allocation that nobody looks at. */
let taken: readonly unknown[] = [];
let weight = WEIGHT.first;
/** Bytes counted since the last full collection. */
let counted = 0;
let phase: "unwatched" | "watched" = "unwatched";
/** Hears of full collections: those of the young heap do not look at it. Not every engine has one. */
const registry =
  typeof FinalizationRegistry === "undefined" ? undefined : /*@__PURE__*/ new FinalizationRegistry(onFullCollection);

/**
 * Has the engine's collector count a large buffer that was just made, or came, and is soon garbage.
 *
 * The memory of buffers lies outside of the heap. V8 counts it towards full collections only, and one of those goes through
 * everything the process has, some 10 to 100 ms. A collection of the young heap takes less than 1 ms and frees the same
 * buffers, but begins only when the young heap is full, which a stream of large messages does not bring about by itself. So
 * for each large buffer something is allocated in the young heap, and dropped. The young heap of a process grows while it
 * runs: where full collections come all the same, more is allocated from then on.
 *
 * @param bytes The size of the buffer.
 */
export function countBuffer(bytes: number): void {
  if (bytes < LEAST_BYTES) return;
  counted += bytes;
  watch();
  for (let slots = (bytes * weight) / SLOT_BYTES; slots >= 1; slots -= MAX_SLOTS) {
    taken = new Array(Math.min(MAX_SLOTS, Math.floor(slots)));
  }
}

/** What was taken last. */
export function lastTaken(): readonly unknown[] {
  return taken;
}

/** The next full collection is heard of. */
function watch(): void {
  if (phase === "watched") return;
  phase = "watched";
  registry?.register({}, undefined);
}

function onFullCollection(): void {
  const isTelling = counted >= TELLING_BYTES.least && counted < TELLING_BYTES.most;
  if (isTelling) weight = Math.min(WEIGHT.most, weight * WEIGHT.growth);
  counted = 0;
  phase = "unwatched";
}
