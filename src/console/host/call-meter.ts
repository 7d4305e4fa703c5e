import { SessionService } from "../../../gen/moorline/session/v1/service_pb.ts";
import { systemClock } from "../../client/index.ts";
import { generationOf, type HostRuntime, isOnline } from "../../runtime/index.ts";
import { createState, type Source } from "../model/source.ts";

const INTERVAL_MS = 2_000;
/** Not at once: what a page loads when it is opened would be measured with it. */
const FIRST_MS = 500;
const MAX_SAMPLES = 60;
const NONE: readonly number[] = [];

/**
 * How long a small call takes there and back on the path in use, in milliseconds, the oldest first. Runtimes do not probe
 * what is on the same machine; this is for people who look. It measures while somebody does, and begins anew on each
 * connection.
 */
export function createCallMeter(runtime: HostRuntime): Source<readonly number[]> {
  const samples = createState(NONE);
  const session = runtime.service(SessionService);
  let generation = 0;
  let listeners = 0;
  let first: ReturnType<typeof setTimeout> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const measure = async (): Promise<void> => {
    const snapshot = runtime.getSnapshot();
    if (!isOnline(snapshot)) return;
    const asked = generationOf(snapshot);
    if (asked !== generation) samples.set(NONE);
    generation = asked;
    const since = systemClock.now();
    try {
      await session.describe({}, { timeoutMs: INTERVAL_MS });
    } catch {
      return;
    }
    // What has come over another connection says nothing about this one.
    if (generationOf(runtime.getSnapshot()) !== asked) return;
    samples.set([...samples.getSnapshot(), systemClock.now() - since].slice(-MAX_SAMPLES));
  };
  return {
    getSnapshot: samples.getSnapshot,
    subscribe(listener) {
      const end = samples.subscribe(listener);
      listeners += 1;
      if (listeners === 1) {
        first = setTimeout(() => void measure(), FIRST_MS);
        timer = setInterval(() => void measure(), INTERVAL_MS);
      }
      return () => {
        end();
        listeners -= 1;
        if (listeners > 0) return;
        clearTimeout(first);
        clearInterval(timer);
      };
    },
  };
}
