import { allocate } from "../core/allocate.ts";

/** Pieces of at least this size are kept as they came; smaller ones are copied together. */
const CHUNK_BYTES = 8 * 1024;

/**
 * A message that is put together from its pieces, in order. Many small pieces take no more memory than few large ones,
 * and empty ones none.
 */
export class Assembly {
  private readonly pieces: Uint8Array[] = [];
  /** What is left of the memory that small pieces are copied into, and how much of that is in use. */
  private chunk = new Uint8Array(0);
  private used = 0;
  private total = 0;

  /** Bytes of all pieces so far. */
  get bytes(): number {
    return this.total;
  }

  /** Adds a piece. */
  add(piece: Uint8Array): void {
    this.total += piece.length;
    if (piece.length >= CHUNK_BYTES) {
      this.seal();
      this.pieces.push(piece);
      return;
    }
    if (this.used + piece.length > this.chunk.length) {
      this.seal();
      this.chunk = new Uint8Array(CHUNK_BYTES);
    }
    this.chunk.set(piece, this.used);
    this.used += piece.length;
  }

  /** The whole message. */
  join(): Uint8Array {
    this.seal();
    const whole = allocate(this.total);
    let offset = 0;
    for (const piece of this.pieces) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    return whole;
  }

  private seal(): void {
    if (this.used === 0) return;
    this.pieces.push(this.chunk.subarray(0, this.used));
    this.chunk = this.chunk.subarray(this.used);
    this.used = 0;
  }
}
