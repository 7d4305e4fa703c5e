import { DatabaseSync, StatementSync } from "node:sqlite";
import type { Interceptor } from "@connectrpc/connect";
import type { SimulatedRandom } from "../../../src/testing/index.ts";

/** Where a daemon is killed, each with how many such places its life may have passed before. */
const PLACES = { beforeCommit: 40, afterCommit: 40, beforeWrite: 120, callReceived: 25, callAnswered: 25 };

/** When a daemon kills itself: at the `nth` of such places. */
export interface KillPoint {
  readonly place: keyof typeof PLACES;
  /** From 1. */
  readonly nth: number;
}

/** Some place, early in the life of a daemon: the first ones lie in its recovery. */
export function pickKillPoint(random: SimulatedRandom): KillPoint {
  const place = random.pick(Object.keys(PLACES) as Array<keyof typeof PLACES>);
  return { place, nth: 1 + random.int(PLACES[place]) };
}

/**
 * Has this process kill itself at a place. It hooks into SQLite as it is loaded, so that nothing of that is in the daemon.
 * @returns What counts calls.
 */
export function armKill(point: KillPoint | undefined): Interceptor {
  let left = point?.nth ?? Number.POSITIVE_INFINITY;
  const reach = (place: KillPoint["place"]): void => {
    if (place !== point?.place) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === "COMMIT") reach("beforeCommit");
    exec.call(this, sql);
    if (sql === "COMMIT") reach("afterCommit");
  };
  StatementSync.prototype.run = new Proxy(StatementSync.prototype.run, {
    apply(run, statement, values) {
      reach("beforeWrite");
      return Reflect.apply(run, statement, values);
    },
  });
  return (next) => async (request) => {
    reach("callReceived");
    const response = await next(request);
    reach("callAnswered");
    return response;
  };
}
