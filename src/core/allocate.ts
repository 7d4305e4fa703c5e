import { countBuffer } from "./collector.ts";

/** Memory that small allocations share. */
const SLAB_BYTES = 16 * 1024;
/** The largest allocation that shares memory with others. */
const MAX_SHARED_BYTES = 4 * 1024;

// The buffer itself: to ask an array for its buffer costs as much as making a view.
let slab = new ArrayBuffer(0);
let used = 0;

/**
 * Memory that its caller fills at once, to the last byte: it may hold anything before. Small pieces are cut from larger
 * ones, which costs a tenth of making each by itself; large ones are not filled with zeros where the platform can do
 * without. Not for what is kept for long, nor for what anybody might transfer to another thread.
 */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  if (size > MAX_SHARED_BYTES) {
    countBuffer(size);
    return allocateAlone(size);
  }
  if (used + size > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, size);
  used += size;
  return bytes;
}

type Allocator = (size: number) => Uint8Array<ArrayBuffer>;

const allocateAlone: Allocator = /*@__PURE__*/ findAllocator();

/** Node's own, where there is one. What it gives is seen as plain bytes, because a `Buffer` has another `slice`. */
function findAllocator(): Allocator {
  const { Buffer } = globalThis as { readonly Buffer?: { allocUnsafeSlow?: Allocator } };
  const allocator = Buffer?.allocUnsafeSlow;
  if (typeof allocator !== "function") return (size) => new Uint8Array(size);
  return (size) => new Uint8Array(allocator(size).buffer);
}
