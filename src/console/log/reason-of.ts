import type { DescEnum } from "@bufbuild/protobuf";
import { AgentFailureReasonSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { CloseCodeSchema } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReasonSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusalSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { CreationFailureReasonSchema } from "../../../gen/moorline/state/v1/creation_pb.ts";
import {
  ConnectionLossReasonSchema,
  HostErrorReasonSchema,
  HostFailureReasonSchema,
  ProbeEndReasonSchema,
  SyncFailureReasonSchema,
} from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { Transition } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { nameOf } from "../model/names.ts";

/** The enum of each kind of reason. */
const ENUMS: Readonly<Record<NonNullable<Transition["reason"]["case"]>, DescEnum>> = {
  closeCode: CloseCodeSchema,
  connectionLoss: ConnectionLossReasonSchema,
  channelLoss: ChannelLossReasonSchema,
  resumeRefusal: ResumeRefusalSchema,
  agentFailure: AgentFailureReasonSchema,
  creationFailure: CreationFailureReasonSchema,
  hostFailure: HostFailureReasonSchema,
  hostError: HostErrorReasonSchema,
  syncFailure: SyncFailureReasonSchema,
  probeEnd: ProbeEndReasonSchema,
};

/** Why a transition was made, in words. Empty: nothing is said, or something of a newer version. */
export function reasonOf({ reason }: Pick<Transition, "reason">): string {
  return reason.case === undefined ? "" : nameOf(ENUMS[reason.case], reason.value);
}
