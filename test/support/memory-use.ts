import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How many of the objects something still refers to. */
export async function countAlive(objects: ReadonlyArray<WeakRef<object>>): Promise<number> {
  // What was looked at in a turn stays alive until it ends.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return objects.filter((object) => object.deref() !== undefined).length;
}

/** Bytes of array buffers that something still refers to. */
export function liveBufferBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
