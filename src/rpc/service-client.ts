import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  makeAnyClient,
  type StreamResponse,
} from "@connectrpc/connect";
import type { ChannelTransport } from "./channel-transport.ts";
import { SingleRequest } from "./stream-requests.ts";
import type { StreamHandle } from "./stream-start.ts";

/**
 * Makes a client of a service: the same as Connect's `createClient`, with two differences. A consumer that stops reading a
 * stream (`break` out of `for await`) cancels the call, where Connect's client leaves it running; and a message that is
 * there already costs one promise.
 */
export function createServiceClient<T extends DescService>(service: T, transport: ChannelTransport): Client<T> {
  return makeAnyClient(service, (method) => {
    switch (method.methodKind) {
      case "unary":
        return (request: MessageInitShape<DescMessage>, options?: CallOptions) =>
          callUnary(transport, method, request, options);
      case "server_streaming":
        return (request: MessageInitShape<DescMessage>, options?: CallOptions) =>
          callStream(transport, method, new SingleRequest(request), options);
      case "client_streaming":
        return (requests: AsyncIterable<MessageInitShape<DescMessage>>, options?: CallOptions) =>
          callForOne(transport, method, requests, options);
      case "bidi_streaming":
        return (requests: AsyncIterable<MessageInitShape<DescMessage>>, options?: CallOptions) =>
          callStream(transport, method, requests, options);
    }
  }) as Client<T>;
}

function callUnary<I extends DescMessage, O extends DescMessage>(
  transport: ChannelTransport,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  options: CallOptions | undefined,
): Promise<MessageShape<O>> {
  const { signal, timeoutMs, headers, contextValues } = options ?? NO_OPTIONS;
  return transport.unary(method, signal, timeoutMs, headers, request, contextValues).then((response) => {
    options?.onHeader?.(response.header);
    options?.onTrailer?.(response.trailer);
    return response.message;
  });
}

const NO_OPTIONS: CallOptions = {};

function callStream<I extends DescMessage, O extends DescMessage>(
  transport: ChannelTransport,
  method: DescMethodStreaming<I, O>,
  requests: AsyncIterable<MessageInitShape<I>>,
  options: CallOptions | undefined,
): AsyncIterable<MessageShape<O>> {
  const { signal, timeoutMs, headers, contextValues } = options ?? NO_OPTIONS;
  const handle = transport.startStream(method, signal, timeoutMs, headers, requests, contextValues);
  return new ClientStream(handle, options);
}

async function callForOne<I extends DescMessage, O extends DescMessage>(
  transport: ChannelTransport,
  method: DescMethodStreaming<I, O>,
  requests: AsyncIterable<MessageInitShape<I>>,
  options: CallOptions | undefined,
): Promise<MessageShape<O>> {
  let answer: MessageShape<O> | undefined;
  for await (const message of callStream(transport, method, requests, options)) {
    if (answer !== undefined) {
      throw new ConnectError("protocol error: received extra messages for client streaming method", Code.Unimplemented);
    }
    answer = message;
  }
  if (answer === undefined) throw new ConnectError("protocol error: missing response message", Code.Unimplemented);
  return answer;
}

/** The answers to a streaming call. The call runs from its making on, whether they are read or not. */
class ClientStream<I extends DescMessage, O extends DescMessage>
  implements AsyncIterableIterator<MessageShape<O>, undefined>
{
  private readonly handle: StreamHandle<I, O>;
  private readonly options: CallOptions | undefined;
  private readonly opening: Promise<AsyncIterator<MessageShape<O>>>;
  private messages: AsyncIterator<MessageShape<O>> | undefined = undefined;

  constructor(handle: StreamHandle<I, O>, options: CallOptions | undefined) {
    this.handle = handle;
    this.options = options;
    this.opening = handle.response.then((response) => this.open(response));
    // Whoever reads hears of it; a stream that nobody reads is no unhandled rejection.
    this.opening.catch(() => {});
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<MessageShape<O>, undefined>> {
    return this.messages !== undefined ? this.messages.next() : this.opening.then((messages) => messages.next());
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.messages?.return !== undefined) await this.messages.return();
    else this.handle.stop(new ConnectError("the consumer has stopped reading", Code.Canceled));
    return { done: true, value: undefined };
  }

  private open(response: StreamResponse<I, O>): AsyncIterator<MessageShape<O>> {
    this.options?.onHeader?.(response.header);
    const messages = response.message[Symbol.asyncIterator]();
    const onTrailer = this.options?.onTrailer;
    this.messages = onTrailer === undefined ? messages : withTrailer(messages, () => onTrailer(response.trailer));
    return this.messages;
  }
}

/** Tells of the trailers before the end is. */
function withTrailer<T>(messages: AsyncIterator<T>, onEnd: () => void): AsyncIterator<T> {
  let hasEnded = false;
  return {
    async next() {
      const result = await messages.next();
      if (result.done === true && !hasEnded) {
        hasEnded = true;
        onEnd();
      }
      return result;
    },
    async return() {
      await messages.return?.();
      return { done: true, value: undefined };
    },
  };
}
