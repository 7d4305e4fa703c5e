import { create } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type WaitForIdleResponse,
  WaitForIdleResponseSchema,
} from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { createInvalid } from "./agent-errors.ts";
import type { LiveAgent } from "./live-agent.ts";

/** How an agent is waited for. */
export interface IdleWait {
  /** How long at most. Undefined: as long as the call may take. */
  readonly timeout: Duration | undefined;
  /** Ends the waiting with the call. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The longest timer, about 24 days; whoever waits longer has gone long before. */
const MAX_WAIT_MS = 2 ** 31 - 1;

const BUSY: ReadonlySet<AgentStatus> = new Set([
  AgentStatus.STARTING,
  AgentStatus.RUNNING,
  AgentStatus.WAITING_FOR_PERMISSION,
  AgentStatus.CANCELLING,
]);

/**
 * Comes back when no turn of an agent is under way, or the time is over. Spec: AGENT-26.
 * @throws ConnectError INVALID_ARGUMENT for a negative timeout, NOT_FOUND where the agent is deleted meanwhile.
 */
export async function waitForIdle(live: LiveAgent, { timeout, signal, clock }: IdleWait): Promise<WaitForIdleResponse> {
  const timeoutMs = timeout === undefined ? undefined : durationMs(timeout);
  if (timeoutMs !== undefined && timeoutMs < 0) throw createInvalid("the timeout is negative");
  const timedOut = await new Promise<boolean>((resolve) => {
    let timer: Timer | undefined;
    const end = (isTimeOver: boolean): void => {
      timer?.cancel();
      leave();
      signal.removeEventListener("abort", give);
      resolve(isTimeOver);
    };
    const look = (): void => {
      if (live.isDeleted || !BUSY.has(live.agent.status)) end(false);
    };
    const give = (): void => end(true);
    const leave = live.kept.subscribe(look);
    if (timeoutMs !== undefined) timer = clock.setTimer(Math.min(timeoutMs, MAX_WAIT_MS), give);
    signal.addEventListener("abort", give);
    if (signal.aborted) give();
    else look();
  });
  return create(WaitForIdleResponseSchema, { agent: live.agent, timedOut });
}
