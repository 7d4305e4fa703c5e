import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal, Resumption } from "../../gen/moorline/session/v1/packet_pb.ts";
import { protocolRange } from "../wire/protocol.ts";
import type { ClientInstance, NamedChannel } from "./client-instance.ts";
import type { ProbeWelcome, SessionWelcome } from "./server-answer.ts";

/** What a client makes of a Welcome: the channel that it names, or why it refuses it. */
export type WelcomeVerdict = { readonly kind: "accepted"; readonly named: NamedChannel } | WelcomeRefusal;

/** Why a client refuses a Welcome. */
export interface WelcomeRefusal {
  readonly kind: "refused";
  /** What the daemon is told. */
  readonly code: CloseCode;
  /** For people. */
  readonly message: string;
}

/**
 * Checks the Welcome of the highest attempt: the daemon, the protocol, the channel, and its position. Changes nothing.
 * @param expectedServerId The daemon that is meant; empty for any.
 */
export function checkWelcome(
  welcome: SessionWelcome,
  instance: ClientInstance,
  expectedServerId: string,
): WelcomeVerdict {
  const { attachment } = welcome;
  const refusal = refuseDaemon(welcome, expectedServerId);
  if (refusal !== undefined) return refusal;
  const named = instance.find(attachment.channelId);
  if (named === undefined) {
    return refused(CloseCode.PROTOCOL_VIOLATION, "the Welcome names a channel that was not offered");
  }
  if (!agrees(named, attachment.resumption)) {
    return refused(
      CloseCode.PROTOCOL_VIOLATION,
      "the Welcome calls a channel resumed that is new, or the other way round",
    );
  }
  if (!instance.isPossible(named, attachment.received)) {
    return refused(CloseCode.CHANNEL_DONE, "the two sides do not agree on what was sent");
  }
  return { kind: "accepted", named };
}

/**
 * Checks what every Welcome says: the daemon and the protocol.
 * @param expectedServerId The daemon that is meant; empty for any.
 * @returns Why it is refused. Undefined where it is not.
 */
export function refuseDaemon({ server, protocol }: ProbeWelcome, expectedServerId: string): WelcomeRefusal | undefined {
  if (expectedServerId !== "" && server.serverId !== expectedServerId) {
    return refused(CloseCode.WRONG_SERVER, "the daemon at this address has another server id");
  }
  if (protocol < protocolRange.min || protocol > protocolRange.max) {
    return refused(CloseCode.PROTOCOL_UNSUPPORTED, `the daemon chose the protocol revision ${protocol}`);
  }
  return undefined;
}

/** Why the channel before is lost, from why its resume was not granted. */
export function refusalToLossReason(refusal: ResumeRefusal): ChannelLossReason {
  switch (refusal) {
    case ResumeRefusal.CHANNEL_EXPIRED:
      return ChannelLossReason.CHANNEL_EXPIRED;
    case ResumeRefusal.EPOCH_CHANGED:
      return ChannelLossReason.EPOCH_CHANGED;
    case ResumeRefusal.REPLAY_EVICTED:
      return ChannelLossReason.REPLAY_EVICTED;
    case ResumeRefusal.POSITION_AHEAD:
      return ChannelLossReason.POSITION_IMPOSSIBLE;
    default:
      return ChannelLossReason.CHANNEL_UNKNOWN;
  }
}

/** A verdict that this version does not know is judged by the channel that comes with it. */
function agrees(named: NamedChannel, resumption: Resumption): boolean {
  if (resumption === Resumption.RESUMED) return named === "held";
  if (resumption === Resumption.NEW_SESSION || resumption === Resumption.REATTACHED) return named === "fresh";
  return true;
}

function refused(code: CloseCode, message: string): WelcomeRefusal {
  return { kind: "refused", code, message };
}
