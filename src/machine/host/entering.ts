import type {
  HostEvent_ClientConnected,
  HostState,
  HostState_Online,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { noteAnswer, planProbe } from "./candidates.ts";
import { HostDraft } from "./draft.ts";
import type { Defeat } from "./effort.ts";
import { moveTo } from "./holdings.ts";
import { planRenewal } from "./renewal-plan.ts";
import type { HostStep } from "./shapes.ts";

/** A connection that was welcomed, as the event says it, and its candidate. */
export interface Welcomed extends Pick<HostEvent_ClientConnected, "connection" | "nowMs" | "credentialExpiresAtMs"> {
  readonly candidateId: string;
}

/** To online: a connection carries the channel from now on, in the next generation. Spec: HOST-3. */
export function goOnline(
  before: HostState,
  draft: HostDraft,
  { candidateId, connection, nowMs, credentialExpiresAtMs }: Welcomed,
): HostStep {
  draft.update(candidateId, (record) => noteAnswer(record, nowMs));
  draft.updateAll((record) => planProbe(record, Math.max(record.probeAtMs, nowMs)));
  draft.update(candidateId, (record) => planProbe(record, nowMs));
  const generation = draft.takeGeneration();
  const path = draft.find(candidateId)?.path ?? Path.UNSPECIFIED;
  const renewal = credentialExpiresAtMs === undefined ? undefined : planRenewal(credentialExpiresAtMs, nowMs);
  const facts = { generation, candidateId, path, connection, sinceMs: nowMs, measurements: [], memory: draft.memory };
  const value = renewal === undefined ? facts : { ...facts, renewal };
  return moveTo(before, { state: { case: "online", value } }, draft.effects);
}

/** To error. Where nothing will happen by itself, calls end. Spec: HOST-12. */
export function fail(before: HostState, draft: HostDraft, { reason, candidateId, loss, retryAtMs }: Defeat): HostStep {
  if (retryAtMs === undefined) draft.giveUp();
  const value = {
    reason,
    candidateId,
    memory: draft.memory,
    ...(loss === undefined ? {} : { loss }),
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
  return moveTo(before, { state: { case: "error", value } }, draft.effects);
}

/** To no_connections. The channel stays, and calls wait. */
export function goIdle(before: HostState, draft: HostDraft): HostStep {
  return moveTo(before, { state: { case: "noConnections", value: { memory: draft.memory } } }, draft.effects);
}

/** To stopped, from everywhere: the channel and its calls end. Spec: HOST-11. */
export function stop(before: HostState): HostStep {
  const draft = new HostDraft(undefined);
  draft.do({ case: "loseChannel", value: { reason: ChannelLossReason.CLIENT_STOPPED } });
  return moveTo(before, { state: { case: "stopped", value: {} } }, draft.effects);
}

/** Online as before, but for what is given. */
export function stayOnline(
  before: HostState,
  online: HostState_Online,
  draft: HostDraft,
  changes: Partial<Pick<HostState_Online, "measurements" | "switch" | "renewal">> = {},
): HostStep {
  const isSame = draft.memory === online.memory && Object.keys(changes).length === 0;
  if (isSame) return moveTo(before, before, draft.effects);
  return moveTo(
    before,
    { state: { case: "online", value: { ...online, ...changes, memory: draft.memory } } },
    draft.effects,
  );
}

/** The same, without a switch under way. */
export function withoutSwitch(online: HostState_Online): HostState_Online {
  const { switch: _switch, ...rest } = online;
  return rest;
}

/** The same, without anything being done about the end of the credential. */
export function withoutRenewal(online: HostState_Online): HostState_Online {
  const { renewal: _renewal, ...rest } = online;
  return rest;
}
