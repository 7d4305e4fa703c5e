/** The limits of the transports themselves; those of the protocol are in the wire layer. */
export interface TransportLimits {
  /** How long an orderly closing may take until the connection is dropped: a little under the 2 s that the seam promises. */
  readonly closeTimeoutMs: number;
  /** The largest message that a client takes: a packet and a little over. */
  readonly maxClientMessageBytes: number;
  /**
   * The largest message that a server takes. Well over a packet, so that a packet which is too large is judged, and
   * answered with its reason, by the protocol; only what is beyond is cut off with the code 1009.
   */
  readonly maxServerMessageBytes: number;
  /** Pieces that one message may come in. */
  readonly maxMessagePieces: number;
  /** How often a buffer that cannot report is looked at, while something is in it. */
  readonly pollMs: number;
}

const KIB = 1024;

/** The {@link TransportLimits} of every transport. */
export const transportLimits: TransportLimits = {
  closeTimeoutMs: 1_900,
  maxClientMessageBytes: 64 * KIB,
  maxServerMessageBytes: 256 * KIB,
  maxMessagePieces: 64 * KIB,
  pollMs: 5,
};

/** The WebSocket subprotocol of a connection without encryption of its own. Spec: TRANS-4. */
export const SUBPROTOCOL = "moorline.session.v1";
