import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, type StreamResponse } from "@connectrpc/connect";
import { createAbortError, createNotReadyError } from "./call-errors.ts";
import { CallGuard, type CallSetup, checkStreamSetup, type Stoppable } from "./call-setup.ts";
import type { MethodPlan } from "./method-plan.ts";
import { StreamCall } from "./stream-call.ts";
import { SingleRequest, takeSingle } from "./stream-requests.ts";
import type { CallEnvironment } from "./unary-retry.ts";

/** A streaming call of this side. */
export interface StreamHandle<I extends DescMessage, O extends DescMessage> extends Stoppable {
  /** Comes with the response headers, the first message, or the end; rejects where the call fails before. */
  readonly response: Promise<StreamResponse<I, O>>;
}

/** Starts a streaming call. What it fails with comes by the response. Spec: CALL-7, CALL-13. */
export function startStream<I extends DescMessage, O extends DescMessage>(
  environment: CallEnvironment,
  plan: MethodPlan<I, O>,
  setup: CallSetup,
  source: AsyncIterable<MessageInitShape<I>>,
): StreamHandle<I, O> {
  try {
    if (setup.signal?.aborted === true) throw createAbortError(setup.signal);
    const fault = checkStreamSetup(setup);
    if (fault !== undefined) throw fault;
    if (plan.method.methodKind === "server_streaming" && !(source instanceof SingleRequest)) {
      return new GatheredStream(environment, plan, setup, source);
    }
    return openStream(environment, plan, setup, source);
  } catch (thrown) {
    return { response: Promise.reject(ConnectError.from(thrown)), stop: () => {} };
  }
}

function openStream<I extends DescMessage, O extends DescMessage>(
  environment: CallEnvironment,
  plan: MethodPlan<I, O>,
  setup: CallSetup,
  source: AsyncIterable<MessageInitShape<I>>,
): StreamCall<I, O> {
  const channel = environment.channel();
  if (!setup.waitForReady && !channel.isAttached) throw createNotReadyError();
  const isSingle = plan.method.methodKind === "server_streaming" && source instanceof SingleRequest;
  return new StreamCall(
    channel,
    environment.deadlines,
    plan,
    setup,
    isSingle ? { kind: "one", message: plan.input.encode(source.message) } : { kind: "many", source },
  );
}

/** A server-streaming call whose one request has to come first; then it goes with the opening, in one frame. */
class GatheredStream<I extends DescMessage, O extends DescMessage> implements StreamHandle<I, O> {
  readonly response: Promise<StreamResponse<I, O>>;
  private readonly iterator: AsyncIterator<MessageInitShape<I>>;
  private phase: StreamCall<I, O> | "gathering" | "over" = "gathering";
  private reject: (error: ConnectError) => void = () => {};

  constructor(
    environment: CallEnvironment,
    plan: MethodPlan<I, O>,
    setup: CallSetup,
    source: AsyncIterable<MessageInitShape<I>>,
  ) {
    this.iterator = source[Symbol.asyncIterator]();
    const guard = CallGuard.watch(this, environment.deadlines, setup);
    this.response = new Promise((resolve, reject) => {
      this.reject = reject;
      const open = (message: MessageInitShape<I>): void => {
        guard?.release();
        if (this.phase !== "gathering") return;
        this.phase = openStream(environment, plan, setup, new SingleRequest(message));
        resolve(this.phase.response);
      };
      takeSingle(this.iterator, "server_streaming")
        .then(open)
        .catch((thrown: unknown) => {
          guard?.release();
          this.stop(ConnectError.from(thrown));
        });
    });
  }

  stop(error: ConnectError): void {
    if (typeof this.phase === "object") this.phase.stop(error);
    if (this.phase !== "gathering") return;
    this.phase = "over";
    this.reject(error);
    this.iterator.return?.().catch(() => {});
  }
}
