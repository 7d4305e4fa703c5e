import { type Client, Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { EchoService, SayRequest } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { isKeyed, type serveKeyed } from "./keyed-call.ts";
import type { CallRecord, Ledger } from "./ledger.ts";
import { payloadOf } from "./payload.ts";
import type { Process } from "./process.ts";

/** What a planned failure says. */
export const PLANNED_FAILURE = "as planned";

/** What serves calls in one process. */
export interface ServiceOptions {
  readonly process: Process;
  readonly ledger: Ledger;
  /** A handler has begun. */
  readonly began?: (record: CallRecord, context: HandlerContext) => void;
  /** Serves the requests that were made under a key. Default: nobody makes any. */
  readonly keyed?: (request: SayRequest, context: HandlerContext) => ReturnType<typeof serveKeyed>;
}

/** A client of the service that the world speaks. */
export type EchoClient = Client<typeof EchoService>;

type EchoImpl = Pick<ServiceImpl<typeof EchoService>, "say" | "look" | "count" | "join" | "talk">;

/** Serves calls as their plans say, and notes every run and every message. */
export function createEchoService(options: ServiceOptions): EchoImpl {
  return {
    say: (request, context) =>
      isKeyed(request) && options.keyed !== undefined
        ? options.keyed(request, context)
        : answerOne(new Run(options, context), request),
    look: (request, context) => answerOne(new Run(options, context), request),
    count: (request, context) => countUp(new Run(options, context), request),
    join: (requests, context) => joinAll(new Run(options, context), requests),
    talk: (requests, context) => echoAll(new Run(options, context), requests),
  };
}

async function answerOne(run: Run, request: SayRequest) {
  try {
    run.take(request);
    await run.work();
    return run.answer(1);
  } finally {
    run.end();
  }
}

async function* countUp(run: Run, request: SayRequest) {
  try {
    run.take(request);
    for (let number = 1; number <= run.messages && !run.isOver; number += 1) {
      yield run.answer(number);
      await run.rest();
    }
    await run.work();
  } finally {
    run.end();
  }
}

async function joinAll(run: Run, requests: AsyncIterable<SayRequest>) {
  try {
    for await (const request of requests) {
      run.take(request);
      await run.rest();
    }
    await run.work();
    return run.answer(1);
  } finally {
    run.end();
  }
}

async function* echoAll(run: Run, requests: AsyncIterable<SayRequest>) {
  try {
    for await (const request of requests) {
      run.take(request);
      yield run.answer(request.count);
    }
    await run.work();
  } finally {
    run.end();
  }
}

/** One run of a handler. It learns from its first request whose call it is. */
class Run {
  private readonly options: ServiceOptions;
  private readonly context: HandlerContext;
  private record: CallRecord | undefined = undefined;

  constructor(options: ServiceOptions, context: HandlerContext) {
    this.options = options;
    this.context = context;
    options.process.runningHandlers += 1;
  }

  /** How many answers a stream has. */
  get messages(): number {
    return this.record?.plan.messages ?? 0;
  }

  /** Whether nobody wants more answers. */
  get isOver(): boolean {
    return this.context.signal.aborted;
  }

  /** A request came. */
  take({ text, count, data }: SayRequest): void {
    if (this.record === undefined) this.begin(text);
    this.record?.take("up", count, data);
  }

  /** Makes an answer. */
  answer(number: number): { text: string; number: number; data: Uint8Array } {
    const { no = 0, plan } = this.record ?? {};
    return { text: String(no), number, data: payloadOf(no, "down", number, plan?.bytes ?? 0) };
  }

  /** Takes as long as the plan says, and fails where it says so. */
  async work(): Promise<void> {
    const { producerGapMs = 0, isFailing = false } = this.record?.plan ?? {};
    if (producerGapMs !== 0) await this.pause(producerGapMs === "never" ? Number.MAX_SAFE_INTEGER : producerGapMs);
    if (isFailing) throw new ConnectError(PLANNED_FAILURE, Code.Aborted);
  }

  /** The pause between two messages. */
  async rest(): Promise<void> {
    const { producerGapMs = 0 } = this.record?.plan ?? {};
    if (typeof producerGapMs === "number" && producerGapMs > 0) await this.pause(producerGapMs);
  }

  /** The handler is done, well or not. */
  end(): void {
    this.options.process.runningHandlers -= 1;
  }

  private begin(text: string): void {
    const { ledger, began } = this.options;
    this.record = ledger.find(text);
    this.record?.begin();
    if (this.record !== undefined) began?.(this.record, this.context);
  }

  private pause(ms: number): Promise<void> {
    return this.options.process.pause(ms, this.context.signal);
  }
}
