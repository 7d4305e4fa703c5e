import { execFile } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ClientDuplexStream, type ClientReadableStream, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { createMemoryJournalStore } from "../../src/server/index.ts";
import { KEY, type PortOptions, stagePort } from "../support/port-stage.ts";
import { callStock, loadStockClient, readStockRejection } from "../support/stock-grpc.ts";

const HEADER = { "moorline-session-key": KEY };
const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options?: PortOptions) {
  const stage = await stagePort(options);
  closers.push(() => stage.close());
  const stockOf = (file: string, service: string) => {
    const client = loadStockClient(file, service, stage.port);
    closers.push(() => client.close());
    return client;
  };
  return { stage, stockOf };
}

describe("a stock gRPC client that knows only the .proto files", () => {
  it("calls methods with the key in its metadata, and the daemon without [HTTP-3, HTTP-4]", async () => {
    const { stage, stockOf } = await start();
    const echo = stockOf("rpctest/v1/echo.proto", "rpctest.v1.EchoService");
    expect(await callStock(echo, "Say", { text: "hello" }, HEADER)).toMatchObject({ text: "hello!" });
    const session = stockOf("moorline/session/v1/service.proto", "moorline.session.v1.SessionService");
    expect(await callStock(session, "Describe", {})).toMatchObject({ server: { server_id: stage.server.serverId } });
  });

  it("gets the typed rejection without the key [HTTP-5]", async () => {
    const { stockOf } = await start();
    const echo = stockOf("rpctest/v1/echo.proto", "rpctest.v1.EchoService");
    const error = await callStock(echo, "Say", {}).catch((thrown: unknown) => thrown as ServiceError);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(readStockRejection(error as ServiceError)).toMatchObject({
      rejection: { code: "CLOSE_CODE_SESSION_KEY_MISSING" },
    });
  });

  it("has a call run once under an idempotency key in its metadata [HTTP-14]", async () => {
    const runs: string[] = [];
    const say = ({ text }: { readonly text: string }) => ({ text, number: runs.push(text) });
    const { stockOf } = await start({ journal: createMemoryJournalStore(), echo: { say } });
    const echo = stockOf("rpctest/v1/echo.proto", "rpctest.v1.EchoService");
    const keyed = { ...HEADER, "moorline-idempotency-key": "k" };
    for (let time = 0; time < 2; time += 1) {
      expect(await callStock(echo, "Say", { text: "hello" }, keyed)).toMatchObject({ text: "hello", number: 1 });
    }
    const reused = await callStock(echo, "Say", { text: "other" }, keyed).catch((thrown: unknown) => thrown);
    expect(reused).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(readStockRejection(reused as ServiceError)).toEqual({ method: "rpctest.v1.EchoService/Say" });
  });

  it("is told UNIMPLEMENTED of what is not served [HTTP-3]", async () => {
    const { stockOf } = await start();
    const nobody = stockOf("rpctest/v1/echo.proto", "rpctest.v1.NobodyService");
    const error = await callStock(nobody, "Say", {}, HEADER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it("asks for health, and hears when the daemon is stopped [HTTP-10]", async () => {
    const { stage, stockOf } = await start({ limits: { drain: { graceMs: 100, flushMs: 100 } } });
    const health = stockOf("grpc/health/v1/health.proto", "grpc.health.v1.Health");
    expect(await callStock(health, "Check", {})).toEqual({ status: "SERVING" });
    expect(await callStock(health, "Check", { service: "rpctest.v1.EchoService" })).toEqual({ status: "SERVING" });
    const unknown = await callStock(health, "Check", { service: "nobody" }).catch((thrown: unknown) => thrown);
    expect(unknown).toMatchObject({ code: status.NOT_FOUND });
    const other = health.Watch?.({ service: "nobody" }) as ClientReadableStream<{ readonly status: string }>;
    other.on("error", () => {});
    expect(await once(other, "data")).toEqual([{ status: "SERVICE_UNKNOWN" }]);
    other.cancel();
    const heard: unknown[] = [];
    const watch = health.Watch?.({ service: "" }) as ClientReadableStream<{ readonly status: string }>;
    watch.on("data", (answer) => heard.push(answer.status)).on("error", () => heard.push("over"));
    await expect.poll(() => heard).toEqual(["SERVING"]);
    await stage.server.drain();
    await expect.poll(() => heard).toEqual(["SERVING", "NOT_SERVING", "over"]);
  });
});

describe("reflection", () => {
  it("answers by name, symbol and extension, and what there is not by an error that ends nothing [HTTP-11]", async () => {
    const { stockOf } = await start();
    const reflection = stockOf("grpc/reflection/v1/reflection.proto", "grpc.reflection.v1.ServerReflection");
    const stream = reflection.ServerReflectionInfo?.() as ClientDuplexStream<object, Record<string, unknown>>;
    const heard: Array<Record<string, unknown>> = [];
    stream.on("data", (answer) => heard.push(answer)).on("error", () => {});
    const asked = [
      { file_by_filename: "rpctest/v1/echo.proto" },
      { file_containing_symbol: "rpctest.v1.EchoService.Say" },
      { file_containing_symbol: "rpctest.v1.SayRequest" },
      { file_containing_symbol: "rpctest.v1.Nothing" },
      { file_containing_extension: { containing_type: "rpctest.v1.SayRequest", extension_number: 9 } },
      { all_extension_numbers_of_type: "rpctest.v1.SayRequest" },
      { host: "a question that is none" },
      { list_services: "*" },
    ];
    for (const question of asked) stream.write(question);
    stream.end();
    await expect.poll(() => heard.length).toBe(asked.length);
    expect(heard.map((answer) => Object.keys(answer).filter((name) => /_response$|_error$/.test(name)))).toEqual([
      ["file_descriptor_response"],
      ["file_descriptor_response"],
      ["file_descriptor_response"],
      ["error_response"],
      ["error_response"],
      ["all_extension_numbers_response"],
      ["error_response"],
      ["list_services_response"],
    ]);
    expect(heard[3]).toMatchObject({ error_response: { error_code: status.NOT_FOUND } });
  });
});

describe("buf curl", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const curl = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, ["curl", ...args], { cwd: root });
    return stdout;
  };

  it.each(["grpc", "connect", "grpcweb"])(
    "lists and calls by reflection alone, over %s [HTTP-11, HTTP-3]",
    async (protocol) => {
      const { stage } = await start();
      const url = `http://127.0.0.1:${stage.port}`;
      const plain = ["--protocol", protocol, "--http2-prior-knowledge"];
      const methods = await curl(...plain, "--list-methods", url);
      expect(methods.trim().split("\n")).toEqual(
        expect.arrayContaining([
          "grpc.health.v1.Health/Check",
          "moorline.session.v1.SessionService/Attach",
          "rpctest.v1.EchoService/Say",
        ]),
      );
      const header = ["-H", `moorline-session-key: ${KEY}`, "-d", '{"text":"hello"}'];
      const answer = await curl(...plain, ...header, `${url}/rpctest.v1.EchoService/Say`);
      expect(JSON.parse(answer)).toEqual({ text: "hello!" });
    },
  );
});
