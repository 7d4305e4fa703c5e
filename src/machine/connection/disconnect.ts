import type {
  ConnectionEffect,
  ConnectionLoss,
  ConnectionState,
  RetryHint,
  RetryMemory,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { takeStep } from "../../core/machine.ts";
import { verdictOf } from "../../wire/verdict.ts";
import { leaveState, startTimer } from "./leave.ts";
import { MAX_REFRESHES, nextRetryAtMs, rememberRefresh } from "./retry.ts";
import type { ConnectionConfig, ConnectionStep, LiveConnection } from "./shapes.ts";

/** How a connection ends, or an attempt to make one. */
export interface Ending {
  /** Why. */
  readonly loss: ConnectionLoss;
  /** What is remembered, this ending included. */
  readonly retry: RetryMemory;
  /** The present. */
  readonly nowMs: number;
  /** Chance, from 0 (included) to 1 (not included). */
  readonly unitRandom: number;
  /** When to dial again, if somebody said so. */
  readonly hint?: Pick<RetryHint, "afterMs" | "jitterMs"> | undefined;
  /** Why the channel was lost, if the server said so. */
  readonly channelLoss?: ChannelLossReason;
  /** What happens to the transport: the code of the goodbye, `silently` without one, `over` where it is closed already. */
  readonly transport: CloseCode | "silently" | "over";
}

/** From connecting or connected to disconnected, with what follows from the verdict. Spec: CONN-13. */
export function disconnect(
  state: ConnectionState,
  live: LiveConnection,
  ending: Ending,
  config: ConnectionConfig,
): ConnectionStep {
  const { generation, path } = live;
  const { loss } = ending;
  const next = decideNext(loss, ending, generation, config);
  const { verdict, retry, retryAtMs } = next;
  const disconnected = {
    ...{ generation, path, loss, verdict, retry },
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(config.redial || ending.hint === undefined ? {} : { hint: ending.hint }),
  };
  return takeStep({ state: { case: "disconnected", value: disconnected } }, [
    ...leaveState(state),
    ...closeTransport(ending, generation, loss.message),
    ...channelEffects(loss, verdict, ending.channelLoss, config),
    ...next.effects,
  ]);
}

/** The effect that ends the channel and its calls. */
export function loseChannel(reason: ChannelLossReason): ConnectionEffect {
  return { effect: { case: "loseChannel", value: { reason } } };
}

interface Next {
  readonly verdict: RetryVerdict;
  readonly retry: RetryMemory;
  readonly retryAtMs: number | undefined;
  readonly effects: readonly ConnectionEffect[];
}

function decideNext(loss: ConnectionLoss, ending: Ending, generation: number, config: ConnectionConfig): Next {
  const { retry } = ending;
  const verdict = verdictOf(loss.code);
  const rest: Next = { verdict, retry, retryAtMs: undefined, effects: [] };
  if (!config.redial || verdict === RetryVerdict.STOP || verdict === RetryVerdict.ASK_USER) return rest;
  if (verdict === RetryVerdict.REFRESH_CREDENTIAL) {
    if (retry.refreshes >= MAX_REFRESHES) return { ...rest, verdict: RetryVerdict.ASK_USER };
    const ask: ConnectionEffect = { effect: { case: "refreshCredential", value: { generation } } };
    return { ...rest, retry: rememberRefresh(retry), effects: [ask] };
  }
  const retryAtMs = nextRetryAtMs({ ...ending, hint: ending.hint });
  return { ...rest, retryAtMs, effects: [startTimer(ConnectionTimer.RETRY, generation, retryAtMs)] };
}

function closeTransport({ transport }: Ending, generation: number, message: string): ConnectionEffect[] {
  if (transport === "over") return [];
  const code = transport === "silently" ? CloseCode.UNSPECIFIED : transport;
  return [{ effect: { case: "closeTransport", value: { generation, code, message } } }];
}

function channelEffects(
  loss: ConnectionLoss,
  verdict: RetryVerdict,
  told: ChannelLossReason | undefined,
  config: ConnectionConfig,
): ConnectionEffect[] {
  if (loss.code === CloseCode.ATTEMPT_STALE) return [{ effect: { case: "takeFreshChannelId", value: {} } }];
  const reason = channelLossOf(loss, verdict, told, config);
  return reason === undefined ? [] : [loseChannel(reason)];
}

/** Why the channel is lost with the connection. Undefined where it stays: for the next attempt, or for the runtime. */
function channelLossOf(
  loss: ConnectionLoss,
  verdict: RetryVerdict,
  told: ChannelLossReason | undefined,
  config: ConnectionConfig,
): ChannelLossReason | undefined {
  if (loss.code === CloseCode.SESSION_ENDED) return ChannelLossReason.SESSION_ENDED;
  if (verdict === RetryVerdict.NEW_CHANNEL) {
    if (isFoundHere(loss)) return ChannelLossReason.POSITION_IMPOSSIBLE;
    if (loss.code === CloseCode.CHANNEL_DONE) return ChannelLossReason.CHANNEL_DONE;
    return told || ChannelLossReason.CHANNEL_UNKNOWN;
  }
  const isOver = verdict === RetryVerdict.STOP || verdict === RetryVerdict.ASK_USER;
  return isOver && config.redial ? ChannelLossReason.CLIENT_STOPPED : undefined;
}

/** Whether this side found that the two do not agree on what was sent, in a Welcome or in an acknowledgement. */
function isFoundHere({ reason }: ConnectionLoss): boolean {
  return reason === ConnectionLossReason.WELCOME_REFUSED || reason === ConnectionLossReason.VIOLATED;
}
