import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageFormat } from "./message-format.ts";

/** The one request of a server-streaming call, for which nobody has to wait. */
export class SingleRequest<T> implements AsyncIterable<T> {
  /** The request. */
  readonly message: T;

  constructor(message: T) {
    this.message = message;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    yield this.message;
    return undefined;
  }
}

/** Completes messages one by one. Whoever stops reading stops the source. */
export function normalizeMessages<D extends DescMessage>(
  format: MessageFormat<D>,
  source: AsyncIterable<MessageInitShape<D>>,
): AsyncIterable<MessageShape<D>> {
  if (source instanceof SingleRequest) return new SingleRequest(format.normalize(source.message));
  const complete = (result: IteratorResult<MessageInitShape<D>>): IteratorResult<MessageShape<D>> =>
    result.done === true ? result : { done: false, value: format.normalize(result.value) };
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      const normalized: AsyncIterator<MessageShape<D>> = { next: () => iterator.next().then(complete) };
      if (iterator.throw !== undefined) normalized.throw = (error) => passOn(iterator.throw?.(error), complete);
      if (iterator.return !== undefined) normalized.return = (value) => passOn(iterator.return?.(value), complete);
      return normalized;
    },
  };
}

/**
 * The only message of an iterable.
 * @param kind The kind of method, for the error, as descriptors name it.
 * @throws ConnectError UNIMPLEMENTED where there is none, or more than one; what the iterable throws.
 */
export async function takeSingle<T>(iterator: AsyncIterator<T>, kind: string): Promise<T> {
  const first = await iterator.next();
  if (first.done === true) throw createMissingInputError(kind);
  const second = await iterator.next();
  if (second.done !== true) throw createExtraInputError(kind);
  return first.value;
}

/** A call that has one request got none. */
export function createMissingInputError(kind: string): ConnectError {
  return new ConnectError(
    `protocol error: missing input message for ${kind.replace("_", "-")} method`,
    Code.Unimplemented,
  );
}

/** A call that has one request got two. */
export function createExtraInputError(kind: string): ConnectError {
  return new ConnectError(
    `protocol error: received extra input message for ${kind.replace("_", "-")} method`,
    Code.Unimplemented,
  );
}

function passOn<T, R>(result: Promise<T> | undefined, map: (value: T) => R): Promise<R> {
  return (result as Promise<T>).then(map);
}
