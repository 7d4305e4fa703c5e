import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { CallChannel } from "../channel/call.ts";
import { ChannelLostError } from "../channel/channel.ts";

/** What carries the calls of a client that does not dial any more: each ends at once, NOT_SENT. Spec: CALL-17. */
export const stoppedChannel: CallChannel = {
  isAttached: false,
  onCall: undefined,
  open() {
    throw new ChannelLostError(ChannelLossReason.CLIENT_STOPPED);
  },
};
