import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { execa } from "execa";
import { ExecService, type RunRequest, type Start } from "./gen/exec/v1/exec_pb.ts";

/** Runs the command, hands it the input, and yields its lines and how it ended. A cancelled call ends the command. */
async function* run(requests: AsyncIterable<RunRequest>, context: HandlerContext) {
  const input = requests[Symbol.asyncIterator]();
  const first = await input.next();
  const { program, arguments: args, directory } = startOf(first.value);
  const command = execa(program, args, {
    cwd: directory || process.cwd(),
    all: true,
    buffer: false,
    reject: false,
    cancelSignal: context.signal,
    stdin: linesOf(input),
  });
  let number = 0;
  for await (const text of command.iterable({ from: "all" })) {
    number += 1;
    yield { response: { case: "line" as const, value: { number, text } } };
  }
  const { exitCode } = await command;
  yield { response: { case: "exit" as const, value: { code: exitCode ?? 128 } } };
}

function startOf(request: RunRequest | undefined): Start {
  if (request?.request.case === "start") return request.request.value;
  throw new ConnectError("the first request has to be a start", Code.InvalidArgument);
}

async function* linesOf(input: AsyncIterator<RunRequest>) {
  for (let next = await input.next(); !next.done; next = await input.next()) {
    if (next.value.request.case === "input") yield `${next.value.request.value}\n`;
  }
}

/** The services of the daemon. */
export const routes = (router: ConnectRouter): void => {
  router.service(ExecService, { run });
};
