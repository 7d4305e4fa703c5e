import { Code, ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";
import { watchEnd } from "../../core/watch-end.ts";
import type { CallTally } from "../../rpc/call-tally.ts";

/** Counts plain RPCs as calls on channels are counted. Has to be the outermost of their interceptors. Spec: OBS-4. */
export function tallyPlain(tally: CallTally): Interceptor {
  return (next) => async (request) => {
    const kind = request.method.methodKind;
    let isOver = false;
    const end = (code: number): void => {
      if (!isOver) tally.ended(kind, code);
      isOver = true;
    };
    tally.opened(kind);
    // A stream that nobody reads to its end is over with its request.
    request.signal.addEventListener("abort", () => end(codeOf(request.signal.reason, Code.Canceled)), { once: true });
    try {
      const response = await next(request);
      if (response.stream) return watchResponse(response, end);
      end(0);
      return response;
    } catch (error) {
      end(codeOf(error));
      throw error;
    }
  };
}

function watchResponse(response: StreamResponse, end: (code: number) => void): StreamResponse {
  const message = watchEnd(response.message, (how) => {
    if (how.kind === "done") end(0);
    else end(how.kind === "failed" ? codeOf(how.error) : Code.Canceled);
  });
  return { ...response, message };
}

function codeOf(error: unknown, otherwise?: Code): number {
  return ConnectError.from(error, otherwise).code;
}
