import { Code, ConnectError } from "@connectrpc/connect";
import { ReasonSchema } from "../gen/rpctest/v1/echo_pb.ts";
import { collect, requests } from "./echo.ts";
import { breathe, describeHeaders, report, type Scenario } from "./scenario.ts";

/** Streams to the client. */
export const serverStreamScenarios: readonly Scenario[] = [
  {
    name: "streams to the client, with headers and trailers",
    impl: () => ({
      async *count({ count }, context) {
        context.responseHeader.set("x-head", "h");
        for (let number = 0; number < count; number += 1) yield { number };
        context.responseTrailer.set("x-tail", "t");
      },
    }),
    run: async (client, log) => {
      const options = {
        onHeader: (header: Headers) => log(describeHeaders(header).join()),
        onTrailer: (trailer: Headers) => log(describeHeaders(trailer).join()),
      };
      for await (const { number } of client.count({ count: 3 }, options)) log(`${number}`);
    },
    expected: ["x-head=h", "0", "1", "2", "x-tail=t"],
  },
  {
    name: "streams nothing",
    impl: () => ({
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *count(_, context) {
        context.responseTrailer.set("x-tail", "t");
      },
    }),
    run: async (client, log) => {
      const options = { onTrailer: (trailer: Headers) => log(describeHeaders(trailer).join()) };
      log(`${(await collect(client.count({}, options))).length}`);
    },
    expected: ["x-tail=t", "0"],
  },
  {
    name: "fails in the middle of a stream",
    impl: () => ({
      async *count(_, context) {
        context.responseHeader.set("x-head", "h");
        yield { number: 1 };
        yield { number: 2 };
        throw new ConnectError("enough", Code.OutOfRange, { "x-meta": "m" }, [
          { desc: ReasonSchema, value: { why: "y" } },
        ]);
      },
    }),
    run: async (client, log) => {
      const read = async (): Promise<void> => {
        for await (const { number } of client.count({})) log(`${number}`);
      };
      await report(log, read());
    },
    expected: ["1", "2", "OutOfRange | enough | because y | x-head=h | x-meta=m"],
  },
  {
    name: "fails before the first message",
    impl: () => ({
      count: () => {
        throw new ConnectError("never", Code.PermissionDenied);
      },
    }),
    run: (client, log) => report(log, collect(client.count({}))),
    expected: ["PermissionDenied | never"],
  },
  {
    name: "hides what a stream throws that is no ConnectError",
    impl: () => ({
      // biome-ignore lint/correctness/useYield: it fails first
      async *count() {
        throw new Error("secret");
      },
    }),
    run: (client, log) => report(log, collect(client.count({}))),
    expected: ["Internal | internal error"],
  },
  {
    name: "is cancelled by its signal, and the handler hears of it",
    impl: (log) => ({
      async *count(_, { signal }) {
        signal.addEventListener("abort", () => log(`handler: ${ConnectError.from(signal.reason).code}`));
        for (let number = 0; ; number += 1) {
          yield { number };
          await breathe();
        }
      },
    }),
    run: async (client, log) => {
      const controller = new AbortController();
      const read = async (): Promise<void> => {
        for await (const _ of client.count({}, { signal: controller.signal })) controller.abort();
      };
      await report(log, read());
      await breathe();
    },
    order: "any",
    expected: ["Canceled | This operation was aborted", "handler: 1"],
  },
  {
    name: "ends a stream at its deadline",
    impl: () => ({
      async *count() {
        yield { number: 1 };
        await new Promise(() => {});
      },
    }),
    run: async (client, log) => {
      const read = async (): Promise<void> => {
        for await (const { number } of client.count({}, { timeoutMs: 50 })) log(`${number}`);
      };
      await report(log, read());
    },
    expected: ["1", "DeadlineExceeded | the operation timed out"],
  },
];

/** Streams from the client, and both ways. */
export const clientStreamScenarios: readonly Scenario[] = [
  {
    name: "streams to the handler, and answers with one message",
    impl: () => ({
      async join(messages, context) {
        context.responseHeader.set("x-head", "h");
        context.responseTrailer.set("x-tail", "t");
        return { text: (await collect(messages)).map(({ text }) => text).join() };
      },
    }),
    run: async (client, log) => {
      const answer = await client.join(requests("a", "b", "c"), {
        onHeader: (header) => log(describeHeaders(header).join()),
        onTrailer: (trailer) => log(describeHeaders(trailer).join()),
      });
      log(answer.text);
    },
    expected: ["x-head=h", "x-tail=t", "a,b,c"],
  },
  {
    name: "streams nothing to the handler",
    impl: () => ({ join: async (messages) => ({ number: (await collect(messages)).length }) }),
    run: async (client, log) => log(`${(await client.join(requests())).number}`),
    expected: ["0"],
  },
  {
    name: "answers before all requests were read",
    impl: (log) => ({
      async join(messages) {
        for await (const { text } of messages) {
          log(`handler: ${text}`);
          break;
        }
        return { text: "enough" };
      },
    }),
    run: async (client, log) => log((await client.join(requests("a", "b"))).text),
    expected: ["handler: a", "enough"],
  },
  {
    name: "fails while it is asked",
    impl: () => ({
      join: () => Promise.reject(new ConnectError("busy", Code.ResourceExhausted)),
    }),
    run: (client, log) => report(log, client.join(requests("a"))),
    expected: ["ResourceExhausted | busy"],
  },
  {
    name: "talks both ways",
    impl: () => ({
      async *talk(messages) {
        yield { text: "hello" };
        for await (const { text } of messages) yield { text: `${text}?` };
        yield { text: "bye" };
      },
    }),
    run: async (client, log) => {
      for await (const { text } of client.talk(requests("a", "b"))) log(text);
    },
    expected: ["hello", "a?", "b?", "bye"],
  },
  {
    name: "asks only after an answer",
    impl: () => ({
      async *talk(messages) {
        for await (const { text } of messages) yield { text };
      },
    }),
    run: async (client, log) => {
      let answered: () => void = () => {};
      async function* ask(): AsyncGenerator<{ text: string }> {
        for (const text of ["a", "b", "c"]) {
          const next = new Promise<void>((resolve) => {
            answered = resolve;
          });
          yield { text };
          await next;
        }
      }
      for await (const { text } of client.talk(ask())) {
        log(text);
        answered();
      }
    },
    expected: ["a", "b", "c"],
  },
  {
    name: "ends from the handler while the client still asks",
    impl: () => ({
      async *talk(messages) {
        for await (const { text } of messages) {
          yield { text };
          return;
        }
      },
    }),
    run: async (client, log) => {
      async function* ask(): AsyncGenerator<{ text: string }> {
        yield { text: "a" };
        await breathe();
        yield { text: "b" };
      }
      for await (const { text } of client.talk(ask())) log(text);
      log("ended");
    },
    expected: ["a", "ended"],
  },
];
