import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason, SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { verdictOf } from "../../wire/verdict.ts";
import { MAX_REFRESHES } from "../connection/retry.ts";
import { noteFailure, setAside } from "./candidates.ts";
import type { HostDraft } from "./draft.ts";
import type { HostConfig } from "./shapes.ts";

/** What follows from the end of a connection: another try, a new credential first, or none. */
export type Judgement = "retry" | "refresh" | "refuse";

/** What a loss means. `SUPERSEDED` refuses nothing: the channel lives on a newer attempt, or did. Spec: HOST-8, HOST-9. */
export function judge(loss: ConnectionLoss, refreshes: number): Judgement {
  if (loss.code === CloseCode.SUPERSEDED) return "retry";
  switch (verdictOf(loss.code)) {
    case RetryVerdict.REFRESH_CREDENTIAL:
      return refreshes >= MAX_REFRESHES ? "refuse" : "refresh";
    case RetryVerdict.STOP:
    case RetryVerdict.ASK_USER:
      return "refuse";
    default:
      return "retry";
  }
}

/** Notes how the connection of a candidate ended that had not become active. @returns What it means. */
export function noteLoss(
  draft: HostDraft,
  candidateId: string,
  loss: ConnectionLoss,
  nowMs: number,
  config: HostConfig,
): Judgement {
  const judgement = judge(loss, draft.retry.refreshes);
  const { probeIntervalMs } = config;
  draft.update(candidateId, (record) => {
    if (judgement === "refuse") return setAside(record, refusalOf(loss), loss);
    return judgement === "retry" ? noteFailure(record, nowMs, probeIntervalMs) : record;
  });
  return judgement;
}

/** The loss of an event, which has one. */
export function lossOf(event: { readonly loss?: ConnectionLoss | undefined }): ConnectionLoss {
  return event.loss ?? { reason: ConnectionLossReason.UNSPECIFIED, code: CloseCode.UNSPECIFIED, message: "" };
}

/** Whether a server only has no room for another probe: no failure of the path. Spec: PROBE-5. */
export function isOverloaded(loss: ConnectionLoss): boolean {
  return loss.code === CloseCode.OVERLOADED;
}

function refusalOf({ code }: ConnectionLoss): SetAsideReason {
  return code === CloseCode.WRONG_SERVER ? SetAsideReason.WRONG_SERVER : SetAsideReason.REFUSED;
}
