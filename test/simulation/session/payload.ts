import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";

const POOL_BYTES = 1024 * 1024;
const pool = new SimulatedRandom(1).bytes(POOL_BYTES);

/** The content of message `number` of a call, one way: hardly ever the same for two of them. */
export function payloadOf(callNo: number, direction: "up" | "down", number: number, bytes: number): Uint8Array {
  const mixed = Math.imul(callNo * 2 + (direction === "up" ? 1 : 0), 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b);
  const offset = (mixed >>> 0) % (POOL_BYTES - bytes);
  return pool.subarray(offset, offset + bytes);
}

/** Whether two payloads are the same. */
export function isSamePayload(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
