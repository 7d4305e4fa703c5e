import type {
  HostState,
  HostState_Online,
  Measurement,
  Switch,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { hostLimits } from "../../wire/limits.ts";
import { HEALTHY_AFTER_MS } from "../connection/retry.ts";
import { bar, forgiveBars, isUsable } from "./candidates.ts";
import { choosePath, type PathInput } from "./choose-path.ts";
import type { HostDraft } from "./draft.ts";
import { refresh } from "./effort.ts";
import { goOnline, stayOnline, withoutSwitch } from "./entering.ts";
import { lossOf, noteLoss } from "./judge.ts";
import { interrupt, reconnect } from "./lost.ts";
import type { HostConfig, HostInputOf, HostStep } from "./shapes.ts";

/** What a choice of the path follows from. */
export interface Consideration {
  /** The present. */
  readonly nowMs: number;
  /** Whether the active connection is being verified. */
  readonly standing: PathInput["standing"];
  /** The probe that has just answered; its connection may be promoted. Default none. */
  readonly answered?: Measurement;
}

/** Begins a switch where another path is better, make before break. Spec: HOST-4, PATH-1. */
export function considerSwitch(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { nowMs, standing, answered }: Consideration,
): HostStep {
  const measurements = online.measurements.filter((measurement) => measurement !== answered);
  const changes = answered === undefined ? {} : { measurements };
  const { candidates, preferredCandidateId: preferredId } = draft.memory;
  const { candidateId: activeId } = online;
  const target = choosePath({ candidates, activeId, standing, preferredId, nowMs });
  const isPossible = online.switch === undefined && draft.attemptAtMs(nowMs) <= nowMs;
  if (target === undefined || !isPossible) return stayOnline(state, online, draft, changes);
  if (target !== answered?.candidateId) {
    return openSwitch(state, online, draft, { candidateId: target, nowMs, measurements });
  }
  const { connection } = answered;
  draft.promoteProbe(connection, nowMs);
  return stayOnline(state, online, draft, { measurements, switch: createSwitch(target, connection) });
}

/** Switches to a candidate because somebody wants it. Spec: PATH-7. */
export function switchTo(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  candidateId: string,
  nowMs: number,
): HostStep {
  const record = draft.find(candidateId);
  const { switch: pending } = online;
  const isUnderWay = pending?.candidateId === candidateId || pending?.present.case === "superseded";
  const isOther = record !== undefined && isUsable(record) && candidateId !== online.candidateId;
  if (!isOther || isUnderWay) return stayOnline(state, online, draft);
  return openSwitch(state, online, draft, { candidateId, nowMs, measurements: online.measurements });
}

/**
 * The next connection carries the channel: the one before is done, and its candidate, where it is another one, does not win
 * again for a while. Spec: HOST-4, PATH-5.
 */
export function promoteSwitch(
  state: HostState,
  { candidateId: previousId, sinceMs }: HostState_Online,
  { candidateId }: Switch,
  draft: HostDraft,
  connected: HostInputOf<"clientConnected">,
): HostStep {
  const { nowMs } = connected;
  const lived = nowMs - sinceMs;
  if (lived >= HEALTHY_AFTER_MS) draft.setRetry({ ...draft.retry, failures: 0, refreshes: 0 });
  draft.update(previousId, (record) => {
    const after = lived >= hostLimits.forgiveMs ? forgiveBars(record) : record;
    return previousId === candidateId ? after : bar(after, nowMs);
  });
  return goOnline(state, draft, { ...connected, candidateId });
}

/** The next connection came to nothing. Where the server had not accepted it, nothing else changes. Spec: HOST-4. */
export function failSwitch(
  state: HostState,
  online: HostState_Online,
  pending: Switch,
  draft: HostDraft,
  event: HostInputOf<"clientLost">,
  config: HostConfig,
): HostStep {
  const { nowMs } = event;
  const loss = lossOf(event);
  const { candidateId } = pending;
  const alone = withoutSwitch(online);
  const isCarrying = pending.present.case !== "superseded";
  const isSame = candidateId === online.candidateId;
  // Another credential was not taken: that says nothing of the candidate, which carries the channel.
  if (isSame && isCarrying) return stayOnline(state, alone, draft, { measurements: online.measurements });
  const judgement = noteLoss(draft, candidateId, loss, nowMs, config);
  if (!isSame) draft.update(candidateId, (record) => bar(record, nowMs));
  if (isCarrying) return stayOnline(state, alone, draft, { measurements: online.measurements });
  if (judgement === "refresh") return interrupt(state, alone, draft, { effort: refresh(draft), loss, nowMs }, config);
  return reconnect(state, alone, draft, { nowMs, loss, lastId: candidateId }, config);
}

/** What a switch is begun with. */
export interface Opening {
  /** The candidate to connect to. */
  readonly candidateId: string;
  /** The present. */
  readonly nowMs: number;
  /** The probes that are under way. */
  readonly measurements: readonly Measurement[];
}

/** Opens a connection that is to carry the channel instead of the active one. */
export function openSwitch(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { candidateId, nowMs, measurements }: Opening,
): HostStep {
  const connection = draft.openClient(candidateId, nowMs);
  const others = measurements.filter((measurement) => measurement.candidateId !== candidateId);
  return stayOnline(state, online, draft, { measurements: others, switch: createSwitch(candidateId, connection) });
}

function createSwitch(candidateId: string, connection: number): Switch {
  return { candidateId, connection, present: { case: "carrying", value: {} } };
}
