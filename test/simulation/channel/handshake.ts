/** What a client says first, as far as a channel needs it. The real hello has more; its rules are the same. */
export interface Hello {
  /** Rises with every hello of one client instance. */
  readonly attempt: number;
  /** The id of the channel to create where `resume` is not granted. */
  readonly freshId: string;
  /** The channel that the client has, if a welcome has named it. */
  readonly resume?: { readonly id: string; readonly epoch: number; readonly received: number } | undefined;
}

/** What a server answers. */
export type Answer =
  | {
      readonly verdict: "RESUMED" | "REATTACHED";
      readonly id: string;
      readonly epoch: number;
      readonly received: number;
    }
  | { readonly verdict: "ATTEMPT_STALE" };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes a hello or an answer. */
export function encodeGreeting(greeting: Hello | Answer): Uint8Array {
  return encoder.encode(JSON.stringify(greeting));
}

/** Decodes a hello. */
export function decodeHello(bytes: Uint8Array): Hello {
  return JSON.parse(decoder.decode(bytes)) as Hello;
}

/** Decodes an answer. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  return JSON.parse(decoder.decode(bytes)) as Answer;
}
