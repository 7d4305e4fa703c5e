import { Code, ConnectError, createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";
import { collect, requests } from "./echo.ts";
import { breathe, describeHeaders, type Log, report, type Scenario } from "./scenario.ts";

function loud(name: string, log: Log): Interceptor {
  return (next) => async (request) => {
    log(`${name} in`);
    try {
      const response = await next(request);
      log(`${name} out`);
      return response;
    } catch (error) {
      log(`${name} failed: ${ConnectError.from(error).code}`);
      throw error;
    }
  };
}

const key = createContextKey("nobody");

/** Calls through interceptors. */
export const interceptorScenarios: readonly Scenario[] = [
  {
    name: "goes through interceptors from the outside in, and back",
    impl: (log) => ({
      say: () => {
        log("handler");
        return {};
      },
    }),
    interceptors: (log) => ({
      client: [loud("client 1", log), loud("client 2", log)],
      server: [loud("server 1", log), loud("server 2", log)],
    }),
    run: async (client) => void (await client.say({})),
    expected: [
      ...["client 1 in", "client 2 in", "server 1 in", "server 2 in", "handler"],
      ...["server 2 out", "server 1 out", "client 2 out", "client 1 out"],
    ],
  },
  {
    name: "shows errors to interceptors",
    impl: () => ({ say: () => Promise.reject(new ConnectError("no", Code.NotFound)) }),
    interceptors: (log) => ({ client: [loud("client", log)], server: [loud("server", log)] }),
    run: (client, log) => report(log, client.say({})),
    expected: ["client in", "server in", "server failed: 5", "client failed: 5", "NotFound | no"],
  },
  {
    name: "lets interceptors change headers, and both sides see it",
    impl: (log) => ({
      say: (_, context) => {
        for (const line of describeHeaders(context.requestHeader)) log(line);
        context.responseHeader.set("x-from", "handler");
        return {};
      },
    }),
    interceptors: () => ({
      client: [
        (next) => async (request) => {
          request.header.set("x-added", "client");
          const response = await next(request);
          response.header.set("x-back", "client");
          return response;
        },
      ],
      server: [
        (next) => (request) => {
          const header = new Headers(request.header);
          header.set("x-replaced", "server");
          return next({ ...request, header });
        },
      ],
    }),
    run: async (client, log) => {
      const onHeader = (header: Headers): void => log(describeHeaders(header).join());
      await client.say({}, { headers: { "x-own": "1" }, onHeader });
    },
    expected: ["x-added=client", "x-own=1", "x-replaced=server", "x-back=client,x-from=handler"],
  },
  {
    name: "gives context values to interceptors and handlers",
    impl: (log) => ({
      say: (_, { values }) => {
        log(values.get(key));
        return {};
      },
    }),
    interceptors: (log) => ({
      client: [
        (next) => (request) => {
          log(request.contextValues.get(key));
          return next(request);
        },
      ],
      server: [
        (next) => (request) => {
          request.contextValues.set(key, "server");
          return next(request);
        },
      ],
    }),
    run: async (client) => void (await client.say({}, { contextValues: createContextValues().set(key, "caller") })),
    expected: ["caller", "server"],
  },
  {
    name: "lets interceptors answer in place of the call, and in place of an error",
    impl: () => ({ say: () => Promise.reject(new ConnectError("no", Code.Unavailable)) }),
    interceptors: (log) => ({
      client: [
        (next) => async (request) => {
          try {
            return await next(request);
          } catch (error) {
            log(`recovered: ${ConnectError.from(error).code}`);
            if (request.stream) throw error;
            const { service, method } = request;
            const message = { $typeName: "rpctest.v1.SayResponse", text: "spare", number: 0, data: new Uint8Array(0) };
            return { stream: false, service, method, message, header: new Headers(), trailer: new Headers() } as never;
          }
        },
      ],
    }),
    run: async (client, log) => log((await client.say({})).text),
    expected: ["recovered: 14", "spare"],
  },
  {
    name: "goes through interceptors as a stream, whose messages they can wrap",
    impl: (log) => ({
      async *talk(messages) {
        for await (const { text } of messages) {
          log(`handler: ${text}`);
          yield { text };
        }
      },
    }),
    interceptors: (log) => {
      const tap =
        (name: string): Interceptor =>
        (next) =>
        async (request) => {
          if (!request.stream) return next(request);
          log(`${name} in`);
          async function* up(messages: AsyncIterable<unknown>, what: string): AsyncGenerator<unknown> {
            for await (const message of messages) {
              log(`${name} ${what}`);
              yield message;
            }
          }
          const response = await next({ ...request, message: up(request.message, "asks") as never });
          if (!response.stream) return response;
          return { ...response, message: up(response.message, "answers") as never };
        };
      return { client: [tap("client")], server: [tap("server")] };
    },
    run: async (client, log) => {
      for await (const { text } of client.talk(requests("a"))) log(`got ${text}`);
    },
    order: "any",
    expected: [
      ...["client in", "client asks", "server in", "server asks", "handler: a"],
      ...["server answers", "client answers", "got a"],
    ],
  },
  {
    name: "lets interceptors put other header and trailer objects in place of those of the handler",
    impl: () => ({
      say: (_, context) => {
        context.responseHeader.set("x-own", "1");
        context.responseTrailer.set("x-own", "1");
        return {};
      },
      async *count(_, context) {
        context.responseHeader.set("x-own", "1");
        yield {};
        context.responseTrailer.set("x-own", "1");
      },
    }),
    interceptors: () => ({
      server: [
        (next) => async (request) => {
          const response = await next(request);
          const header = new Headers(response.header);
          header.set("x-h", "2");
          return { ...response, header, trailer: new Headers({ "x-t": "3" }) };
        },
      ],
    }),
    run: async (client, log) => {
      const options = {
        onHeader: (header: Headers) => log(describeHeaders(header).join()),
        onTrailer: (trailer: Headers) => log(describeHeaders(trailer).join()),
      };
      await client.say({}, options);
      await collect(client.count({}, options));
    },
    expected: ["x-h=2,x-own=1", "x-t=3", "x-h=2,x-own=1", "x-t=3"],
  },
  {
    name: "fills trailers that were asked for before the end",
    impl: () => ({
      async *count(_, context) {
        yield {};
        await breathe();
        context.responseTrailer.set("x-tail", "t");
      },
    }),
    interceptors: (log) => ({
      client: [
        (next) => async (request) => {
          const response = await next(request);
          if (!response.stream) return response;
          const { trailer, message } = response;
          async function* tap(): AsyncGenerator<unknown> {
            log(`before: ${describeHeaders(trailer).join()}`);
            yield* message;
            log(`after: ${describeHeaders(trailer).join()}`);
          }
          return { ...response, message: tap() as never };
        },
      ],
    }),
    run: async (client) => void (await collect(client.count({}))),
    expected: ["before: ", "after: x-tail=t"],
  },
  {
    name: "gives interceptors responses that they can copy",
    impl: () => ({
      say: (_, context) => {
        context.responseHeader.set("x-head", "h");
        context.responseTrailer.set("x-tail", "t");
        return {};
      },
      async *count(_, context) {
        context.responseHeader.set("x-head", "h");
        yield {};
        context.responseTrailer.set("x-tail", "t");
      },
    }),
    interceptors: () => ({
      client: [(next) => async (request) => ({ ...(await next({ ...request })) })],
      server: [(next) => async (request) => ({ ...(await next({ ...request })) })],
    }),
    run: async (client, log) => {
      const options = {
        onHeader: (header: Headers) => log(describeHeaders(header).join()),
        onTrailer: (trailer: Headers) => log(describeHeaders(trailer).join()),
      };
      await client.say({}, options);
      await collect(client.count({}, options));
    },
    expected: ["x-head=h", "x-tail=t", "x-head=h", "x-tail=t"],
  },
  {
    name: "goes through interceptors with one request or one answer",
    impl: () => ({
      async *count({ count }) {
        for (let number = 0; number < count; number += 1) yield { number };
      },
      join: async (messages) => ({ number: (await collect(messages)).length }),
    }),
    interceptors: (log) => ({ client: [loud("client", log)], server: [loud("server", log)] }),
    run: async (client, log) => {
      log(`${(await collect(client.count({ count: 2 }))).length}`);
      log(`${(await client.join(requests("a", "b", "c"))).number}`);
    },
    expected: [
      ...["client in", "server in", "server out", "client out", "2"],
      ...["client in", "server in", "server out", "client out", "3"],
    ],
  },
  {
    name: "shows interceptors a signal that fires at the end",
    impl: () => ({ say: () => ({}) }),
    interceptors: (log) => ({
      client: [
        (next) => (request) => {
          request.signal.addEventListener("abort", () => log(`client: ${request.signal.reason.name}`));
          return next(request);
        },
      ],
    }),
    run: async (client) => void (await client.say({})),
    expected: ["client: AbortError"],
  },
];
