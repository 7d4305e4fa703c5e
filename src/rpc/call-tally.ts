import { Code, type MethodImplSpec } from "@connectrpc/connect";

/** The kind of a method; `unknown` for one that is not served. */
export type CallKind = MethodImplSpec["kind"] | "unknown";

/** Calls of one kind. */
export interface CallCounts {
  /** Calls that were opened. */
  opened: number;
  /** Calls that have ended, by the number of their status: 0 is OK. */
  readonly ended: Map<number, number>;
}

/** Counts the calls that a side serves, by kind and by how they end. Each call is opened once and ends once. */
export class CallTally {
  /** What was counted. */
  readonly counts: Readonly<Record<CallKind, CallCounts>> = {
    unary: createCounts(),
    server_streaming: createCounts(),
    client_streaming: createCounts(),
    bidi_streaming: createCounts(),
    unknown: createCounts(),
  };

  /** A call was opened. */
  opened(kind: CallKind): void {
    this.counts[kind].opened += 1;
  }

  /** A call has ended. @param code The number of its status; 0 is OK. One that there is not counts as UNKNOWN. */
  ended(kind: CallKind, code: number): void {
    const { ended } = this.counts[kind];
    const known = code === 0 || Code[code] !== undefined ? code : Code.Unknown;
    ended.set(known, (ended.get(known) ?? 0) + 1);
  }
}

function createCounts(): CallCounts {
  return { opened: 0, ended: new Map() };
}
