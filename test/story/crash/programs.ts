import type { CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { SimulatedRandom } from "../../../src/testing/index.ts";

const MAX_LINES = 40;

/** What an agent runs; its title says what it is. `echo`: it says what it is told; `print`: it writes lines. */
export interface Program {
  readonly kind: "echo" | "print";
  readonly title: string;
  readonly task: {
    readonly case: "command";
    readonly value: { readonly argv: string[]; readonly closeInput: boolean };
  };
}

/** Some program. */
export function pickProgram(random: SimulatedRandom, key: string): Program {
  if (random.chance(0.5)) return create("echo", `echo ${key}`, ["cat"]);
  const lines = 1 + random.int(MAX_LINES);
  const title = `print ${lines} ${key}`;
  const script = `i=0; while [ $i -lt ${lines} ]; do echo "$i of $1"; i=$((i+1)); done`;
  return create("print", title, ["sh", "-c", script, "sh", title]);
}

function create(kind: Program["kind"], title: string, argv: string[]): Program {
  return { kind, title, task: { case: "command", value: { argv, closeInput: kind === "print" } } };
}

/** All that the program of a title writes. */
export function outputOf(title: CreateAgentRequest["title"], prompts: readonly string[]): string {
  const [kind, lines] = title.split(" ");
  if (kind === "echo") return prompts.map((text) => `${text}\n`).join("");
  return Array.from({ length: Number(lines) }, (_, line) => `${line} of ${title}\n`).join("");
}
