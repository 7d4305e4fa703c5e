import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext, StreamRequest, StreamResponse, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { applyInterceptors } from "./interception.ts";
import type { Route } from "./route-table.ts";
import { normalizeMessages, SingleRequest, takeSingle } from "./stream-requests.ts";

type AnyMessage = MessageShape<DescMessage>;
type AnyInit = MessageInitShape<DescMessage>;

/** Runs the handler of a unary method through its interceptors. @returns What they answer. */
export async function interceptUnaryHandler(
  route: Route,
  context: HandlerContext,
  input: AnyMessage,
): Promise<AnyInit> {
  const { spec, plan } = route;
  const invoke = async (request: UnaryRequest | StreamRequest): Promise<UnaryResponse | StreamResponse> => {
    if (spec.kind !== "unary" || request.stream) throw new TypeError("an interceptor has changed the kind of the call");
    const answer = await spec.impl(request.message, contextFor(context, request));
    return { ...responseCommon(context), stream: false, method: spec.method, message: plan.output.normalize(answer) };
  };
  const request = { ...requestCommon(context), stream: false, message: input } as UnaryRequest;
  const response = await applyInterceptors(invoke, route.interceptors)(request);
  copyHeaders(response.header, context.responseHeader);
  copyHeaders(response.trailer, context.responseTrailer);
  return response.message as AnyMessage;
}

/**
 * Runs the handler of a streaming method through its interceptors.
 * @returns What they answer; the trailers are those of the context when it has ended.
 */
export async function interceptStreamHandler(
  route: Route,
  context: HandlerContext,
  requests: AsyncIterable<AnyMessage>,
): Promise<AsyncIterable<AnyInit>> {
  const invoke = async (request: UnaryRequest | StreamRequest): Promise<UnaryResponse | StreamResponse> => {
    if (!request.stream) throw new TypeError("an interceptor has changed the kind of the call");
    const message = await invokeStreamHandler(route, contextFor(context, request), request.message);
    return { ...responseCommon(context), stream: true, method: request.method, message };
  };
  const request = { ...requestCommon(context), stream: true, message: requests } as StreamRequest;
  const response = await applyInterceptors(invoke, route.interceptors)(request);
  copyHeaders(response.header, context.responseHeader);
  return withTrailers(response.message as AsyncIterable<AnyMessage>, () => {
    copyHeaders(response.trailer, context.responseTrailer);
  });
}

async function invokeStreamHandler(
  { spec, plan }: Route,
  context: HandlerContext,
  requests: AsyncIterable<AnyMessage>,
): Promise<AsyncIterable<AnyMessage>> {
  switch (spec.kind) {
    case "server_streaming": {
      const input = await takeSingle(requests[Symbol.asyncIterator](), "server_streaming");
      return normalizeMessages(plan.output, spec.impl(input, context));
    }
    case "client_streaming":
      return new SingleRequest(plan.output.normalize(await spec.impl(requests, context)));
    case "bidi_streaming":
      return normalizeMessages(plan.output, spec.impl(requests, context));
    case "unary":
      throw new TypeError("a unary method does not stream");
  }
}

async function* withTrailers<T>(messages: AsyncIterable<T>, onEnd: () => void): AsyncGenerator<T, void> {
  yield* messages;
  onEnd();
}

/** The context as interceptors have left it: they may replace headers, signal and values. */
function contextFor(context: HandlerContext, request: UnaryRequest | StreamRequest): HandlerContext {
  const { header, signal, contextValues } = request;
  const isSame = header === context.requestHeader && signal === context.signal && contextValues === context.values;
  if (isSame) return context;
  const { method, service, requestMethod, protocolName, url, timeoutMs, responseHeader, responseTrailer } = context;
  return {
    method,
    service,
    requestMethod,
    protocolName,
    url,
    timeoutMs,
    responseHeader,
    responseTrailer,
    requestHeader: header,
    signal,
    values: contextValues,
  };
}

function requestCommon(
  context: HandlerContext,
): Omit<UnaryRequest, "stream" | "message" | "method"> & { method: unknown } {
  return {
    service: context.service,
    method: context.method,
    requestMethod: context.requestMethod,
    url: context.url,
    signal: context.signal,
    header: context.requestHeader,
    contextValues: context.values,
  };
}

function responseCommon(context: HandlerContext): Pick<UnaryResponse, "service" | "header" | "trailer"> {
  return { service: context.service, header: context.responseHeader, trailer: context.responseTrailer };
}

function copyHeaders(from: Headers, to: Headers): void {
  if (from === to) return;
  for (const name of [...to.keys()]) to.delete(name);
  from.forEach((value, name) => {
    to.append(name, value);
  });
}
