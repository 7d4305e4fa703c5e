import type { Clock } from "../core/clock.ts";
import { ABNORMAL_CLOSURE } from "./close.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { ListenerGuard } from "./listener-guard.ts";

/**
 * A connection whose dialling failed before there was anything to dial, such as a malformed endpoint. Its listener hears
 * `closed` with the cause `failed`, the code 1006 and `reason`, later.
 */
export function createFailedConnection(listener: ConnectionListener, reason: string, clock: Clock): Connection {
  const guard = ListenerGuard.dialing(listener, () => {});
  clock.defer(() => guard.close(ABNORMAL_CLOSURE, reason));
  return { bufferedBytes: 0, send() {}, close() {}, abort() {} };
}
