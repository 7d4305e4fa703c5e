import { create } from "@bufbuild/protobuf";
import {
  type CommandOutput,
  CommandOutputSchema,
  type OutputStream,
} from "../../../gen/moorline/agent/v1/timeline_pb.ts";

/** The most bytes of one {@link CommandOutput}. Spec: AGENT-3. */
export const MAX_OUTPUT_BYTES = 16_384;

const LINE_FEED = 0x0a;

/**
 * Cuts what a process writes into items: after line ends where there are any, else at 16 KiB and not inside a character.
 * What follows the last line end is held until more comes, the other stream has something, or `flush`; it is never more
 * than 16 KiB. All bytes come out, as they were. Spec: AGENT-3.
 */
export class OutputSplitter {
  #held: CommandOutput | undefined;

  /** Whether a line is held whose end has not come. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Takes the next bytes of a stream. What comes back has bytes of its own. */
  push(stream: OutputStream, data: Uint8Array): CommandOutput[] {
    const items = this.#held?.stream === stream ? [] : this.flush();
    let rest = this.#held === undefined ? data : concat(this.#held.data, data);
    this.#held = undefined;
    for (let end = findCut(rest); end > 0; end = findCut(rest)) {
      items.push(createOutput(stream, rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
    if (rest.length > 0) this.#held = createOutput(stream, rest);
    return items;
  }

  /** Gives out what is held, at most one item. */
  flush(): CommandOutput[] {
    const items = this.#held === undefined ? [] : [this.#held];
    this.#held = undefined;
    return items;
  }
}

/** Where the next item ends. 0: more has to come first. */
function findCut(bytes: Uint8Array): number {
  const lineEnd = bytes.subarray(0, MAX_OUTPUT_BYTES).lastIndexOf(LINE_FEED) + 1;
  if (lineEnd > 0 || bytes.length < MAX_OUTPUT_BYTES) return lineEnd;
  return bytes.length === MAX_OUTPUT_BYTES ? MAX_OUTPUT_BYTES : findCharacterStart(bytes, MAX_OUTPUT_BYTES);
}

/** The start of the UTF-8 character around `index`; `index` itself where the bytes are no UTF-8. */
function findCharacterStart(bytes: Uint8Array, index: number): number {
  for (let start = index; start > index - 4; start -= 1) {
    const isContinuation = ((bytes[start] ?? 0) & 0xc0) === 0x80;
    if (!isContinuation) return start;
  }
  return index;
}

function createOutput(stream: OutputStream, bytes: Uint8Array): CommandOutput {
  return create(CommandOutputSchema, { stream, data: new Uint8Array(bytes) });
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
