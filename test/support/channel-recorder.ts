import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call, CallClose, CallListener } from "../../src/channel/call.ts";

/** A listener that keeps what it hears, and does more where it is told to. */
export class CallRecorder implements CallListener {
  /** What was called, in order. */
  readonly heard: Array<keyof CallListener> = [];
  /** The response headers, once per time they were heard. */
  readonly headerLists: Array<readonly Header[]> = [];
  /** How the call ended: at most one where the channel does right. */
  readonly closes: CallClose[] = [];
  private readonly more: Partial<CallListener>;

  /** @param more What else to do when something is heard. Default: nothing. */
  constructor(more: Partial<CallListener> = {}) {
    this.more = more;
  }

  /** How the call ended. Undefined while it has not. */
  get close(): CallClose | undefined {
    return this.closes[0];
  }

  readable(): void {
    this.heard.push("readable");
    this.more.readable?.();
  }

  writable(): void {
    this.heard.push("writable");
    this.more.writable?.();
  }

  headers(list: readonly Header[]): void {
    this.heard.push("headers");
    this.headerLists.push(list);
    this.more.headers?.(list);
  }

  closed(close: CallClose): void {
    this.heard.push("closed");
    this.closes.push(close);
    this.more.closed?.(close);
  }
}

/** Reads every message that is there now. */
export function readAll(call: Call): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let next = call.read(); next !== undefined; next = call.read()) messages.push(next);
  return messages;
}

/** Reads every message now and as soon as it comes. @returns what was read, growing. */
export function keepReading(call: Call): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const { listener } = call;
  const read = (): void => void messages.push(...readAll(call));
  call.listener = {
    readable: () => {
      listener.readable();
      read();
    },
    writable: () => listener.writable(),
    headers: (list) => listener.headers(list),
    closed: (close) => listener.closed(close),
  };
  read();
  return messages;
}
