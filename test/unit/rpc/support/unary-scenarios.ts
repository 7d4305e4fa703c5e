import { Code, ConnectError, decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import { ReasonSchema } from "../gen/rpctest/v1/echo_pb.ts";
import { describeHeaders, report, type Scenario } from "./scenario.ts";

const bytes = new Uint8Array([0, 1, 254, 255]);

/** Unary calls. */
export const unaryScenarios: readonly Scenario[] = [
  {
    name: "answers with a message",
    impl: () => ({ say: async ({ text }) => ({ text: `${text}!` }) }),
    run: async (client, log) => log((await client.say({ text: "hi" })).text),
    expected: ["hi!"],
  },
  {
    name: "answers without a promise",
    impl: () => ({ say: ({ text }) => ({ text }) }),
    run: async (client, log) => log((await client.say({ text: "hi" })).text),
    expected: ["hi"],
  },
  {
    name: "answers an empty message with an empty message",
    impl: (log) => ({
      say: (request) => {
        log(JSON.stringify(request.text));
        return {};
      },
    }),
    run: async (client, log) => log(JSON.stringify((await client.say({})).number)),
    expected: ['""', "0"],
  },
  {
    name: "carries a message over several frames",
    impl: () => ({ say: ({ data }) => ({ data }) }),
    run: async (client, log) => {
      const data = new Uint8Array(1_000_000).map((_, i) => i % 251);
      const answer = await client.say({ data });
      log(`${answer.data.length} ${answer.data.every((byte, i) => byte === i % 251)}`);
    },
    expected: ["1000000 true"],
  },
  {
    name: "carries headers and trailers, binary ones too",
    impl: (log) => ({
      say: (_, context) => {
        for (const line of describeHeaders(context.requestHeader)) log(line);
        context.responseHeader.set("x-head-bin", context.requestHeader.get("x-ask-bin") ?? "");
        context.responseHeader.append("x-twice", "a");
        context.responseHeader.append("x-twice", "b");
        context.responseTrailer.set("x-tail", "t");
        return {};
      },
    }),
    run: async (client, log) => {
      await client.say(
        {},
        {
          headers: { "X-Ask": "1", "x-ask-bin": encodeBinaryHeader(bytes.buffer) },
          onHeader: (header) => {
            log(describeHeaders(header).join());
            log(String(decodeBinaryHeader(header.get("x-head-bin") ?? "")));
          },
          onTrailer: (trailer) => log(describeHeaders(trailer).join()),
        },
      );
    },
    expected: ["x-ask=1", "x-ask-bin=AAH+/w", "x-head-bin=AAH+/w,x-twice=a, b", "0,1,254,255", "x-tail=t"],
  },
  {
    name: "fails with code, message, details and metadata",
    impl: () => ({
      say: (_, context) => {
        context.responseHeader.set("x-head", "h");
        context.responseTrailer.set("x-tail", "t");
        const details = ["one", "two"].map((why) => ({ desc: ReasonSchema, value: { why } }));
        throw new ConnectError("no ü", Code.FailedPrecondition, { "x-meta": "m" }, details);
      },
    }),
    run: (client, log) => report(log, client.say({})),
    expected: ["FailedPrecondition | no ü | because one | because two | x-head=h | x-meta=m | x-tail=t"],
  },
  {
    name: "fails asynchronously",
    impl: () => ({ say: () => Promise.reject(new ConnectError("later", Code.NotFound)) }),
    run: (client, log) => report(log, client.say({})),
    expected: ["NotFound | later"],
  },
  {
    name: "hides what a handler throws that is no ConnectError",
    impl: () => ({
      say: () => {
        throw new Error("the password is 1234");
      },
    }),
    run: (client, log) => report(log, client.say({})),
    expected: ["Internal | internal error"],
  },
  {
    name: "knows methods that the service does not implement",
    impl: () => ({}),
    run: (client, log) => report(log, client.say({})),
    expected: ["Unimplemented | rpctest.v1.EchoService.Say is not implemented"],
  },
  {
    name: "tells the handler what it is called by",
    impl: (log) => ({
      say: (_, context) => {
        log(
          `${context.service.typeName} ${context.method.name} ${context.requestMethod} ${new URL(context.url).pathname}`,
        );
        log(`${context.timeoutMs()}`);
        return {};
      },
    }),
    run: async (client) => void (await client.say({}, { timeoutMs: 0 })),
    expected: ["rpctest.v1.EchoService Say POST /rpctest.v1.EchoService/Say", "undefined"],
  },
];

/** Unary calls that do not run to their end. */
export const unaryEndScenarios: readonly Scenario[] = [
  cancelledWhileItRuns(),
  {
    name: "fails with the reason of its signal",
    impl: () => ({ say: () => new Promise(() => {}) }),
    run: async (client, log) => {
      for (const reason of [new Error("no more"), new ConnectError("mine", Code.Aborted), "text"]) {
        const controller = new AbortController();
        const call = client.say({}, { signal: controller.signal });
        setTimeout(() => controller.abort(reason), 5);
        await report(log, call);
      }
    },
    expected: ["Canceled | no more", "Aborted | mine", "Canceled | text"],
  },
  {
    name: "fails at once with an aborted signal",
    impl: () => ({ say: () => ({}) }),
    run: (client, log) => report(log, client.say({}, { signal: AbortSignal.abort() })),
    expected: ["Canceled | This operation was aborted"],
  },
  {
    name: "has a deadline, which the handler knows",
    impl: (log) => ({
      say: (_, context) => {
        const leftMs = context.timeoutMs() ?? Number.POSITIVE_INFINITY;
        log(`left: ${leftMs > 0 && leftMs <= 50}`);
        return new Promise(() => {});
      },
    }),
    run: (client, log) => report(log, client.say({}, { timeoutMs: 50 })),
    expected: ["left: true", "DeadlineExceeded | the operation timed out"],
  },
  {
    name: "fires the signal of the handler after success",
    impl: (log) => ({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => log(`${signal.reason.name}`));
        return {};
      },
    }),
    run: async (client) => void (await client.say({})),
    expected: ["AbortError"],
  },
];

/** The signal waits for the handler: one that is quicker than the call would never be heard of there. */
function cancelledWhileItRuns(): Scenario {
  let runs = (): void => {};
  return {
    name: "is cancelled by its signal",
    impl: (log) => ({
      say: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            log(`handler: ${ConnectError.from(signal.reason).code === Code.Canceled}`);
            reject(signal.reason);
          });
          runs();
        }),
    }),
    run: async (client, log) => {
      const controller = new AbortController();
      const running = new Promise<void>((resolve) => {
        runs = resolve;
      });
      const call = client.say({}, { signal: controller.signal });
      await running;
      controller.abort();
      await report(log, call);
    },
    order: "any",
    expected: ["Canceled | This operation was aborted", "handler: true"],
  };
}
