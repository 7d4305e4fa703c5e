/** Below this a buffer weighs too little to be counted. */
const LEAST_BYTES = 4 * 1024;
/**
 * Bytes of a buffer for each slot of the young heap that is taken for it: 8 bytes in Node, half of that in browsers. A young
 * heap of 16 MiB is then full after 32 MiB of counted buffers, with which come about 16 MiB that only the socket knows of. A
 * full collection would come after 64 MiB.
 */
const BYTES_A_SLOT = 16;
/** Slots that are taken at once, which is well below what engines treat as a large object. */
const MAX_SLOTS = 8 * 1024;

/** Keeps the engine from leaving out an allocation that nobody looks at. */
let taken: readonly unknown[] = [];

/**
 * Has the engine's collector count a large buffer that was just made, or came, and is soon garbage.
 *
 * The memory of buffers lies outside of the heap. V8 counts it towards full collections only, and one of those goes through
 * everything the process has, some 10 to 100 ms. A collection of the young heap takes less than 1 ms and frees the same
 * buffers, but begins only when the young heap is full, which a stream of large messages does not bring about by itself. So
 * for each large buffer something smaller is allocated in the young heap, and dropped.
 *
 * @param bytes The size of the buffer.
 */
export function countBuffer(bytes: number): void {
  if (bytes < LEAST_BYTES) return;
  for (let slots = bytes / BYTES_A_SLOT; slots >= 1; slots -= MAX_SLOTS) {
    taken = new Array(Math.min(MAX_SLOTS, Math.floor(slots)));
  }
}

/** What was taken last. */
export function lastTaken(): readonly unknown[] {
  return taken;
}
