import type { ConnectionState, RetryMemory } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import type { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { takeStep } from "../../core/machine.ts";
import { leaveState, startTimer } from "./leave.ts";
import { rememberDial } from "./retry.ts";
import type { ConnectionConfig, ConnectionStep } from "./shapes.ts";

/** What a dial needs to know. */
export interface Dial {
  /** The generation of the connection before, 0 where there was none. */
  readonly lastGeneration: number;
  /** The path to take. */
  readonly path: Path;
  /** What is remembered. */
  readonly retry: RetryMemory | undefined;
  /** The present. */
  readonly nowMs: number;
}

/** From idle or disconnected to connecting: the next generation, its transport and its deadline. Spec: CONN-1, CONN-14. */
export function dial(state: ConnectionState, input: Dial, config: ConnectionConfig): ConnectionStep {
  const { path, nowMs } = input;
  const generation = input.lastGeneration + 1;
  const deadlineAtMs = nowMs + config.connectTimeoutMs;
  const retry = rememberDial(input.retry, nowMs);
  const stage = { case: "opening", value: {} } as const;
  return takeStep({ state: { case: "connecting", value: { generation, path, deadlineAtMs, stage, retry } } }, [
    ...leaveState(state),
    startTimer(ConnectionTimer.CONNECT, generation, deadlineAtMs),
    { effect: { case: "openTransport", value: { generation, path } } },
  ]);
}
