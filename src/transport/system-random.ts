import type { Random } from "../core/random.ts";

const MAX_BYTES_AT_ONCE = 65_536;
const TWO_TO_26 = 2 ** 26;
const TWO_TO_53 = 2 ** 53;

/** The chance of the machine: `crypto.getRandomValues`, fit for secrets. */
export const systemRandom: Random = {
  unit() {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * TWO_TO_26 + (low >>> 6)) / TWO_TO_53;
  },
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += MAX_BYTES_AT_ONCE) {
      crypto.getRandomValues(bytes.subarray(start, start + MAX_BYTES_AT_ONCE));
    }
    return bytes;
  },
};
