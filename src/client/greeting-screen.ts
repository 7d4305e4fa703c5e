import { decodeServerPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { CodecError } from "../wire/codec.ts";

/** A message as a transport brings it. */
type Message = Uint8Array | string;

/**
 * What may still come for a probe when its connection has a new owner, who waits for the answer to a hello and takes nothing
 * before it: a late pong is dropped, and a ping of the daemon waits until the answer is there. Spec: PROBE-12.
 */
export class GreetingScreen {
  /** The last ping of the daemon. Of pings that come together only the last one needs an answer. */
  private ping: Message | undefined = undefined;
  private phase: "screening" | "done" = "screening";

  /** Whether everything goes through from now on. */
  get isDone(): boolean {
    return this.phase === "done";
  }

  /** What the new owner is to be given of a message that came, in order. */
  admit(message: Message): readonly Message[] {
    if (this.phase === "done") return [message];
    const kind = kindOf(message);
    if (kind === "ping") this.ping = message;
    if (kind !== "other") return [];
    this.phase = "done";
    return this.ping === undefined ? [message] : [message, this.ping];
  }
}

/** `late`: it can only have been meant for the probe. */
function kindOf(message: Message): "ping" | "late" | "other" {
  const body = bodyOf(message);
  if (body === "ping") return "ping";
  return body === "pong" || body === "none" ? "late" : "other";
}

function bodyOf(message: Message): string {
  if (typeof message === "string") return "text";
  try {
    return decodeServerPacket(message).body.case ?? "none";
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return "malformed";
  }
}
