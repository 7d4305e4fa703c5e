import { Code, ConnectError } from "@connectrpc/connect";
import { MoorlineError } from "../../client/index.ts";
import type { Problem } from "./console-model.ts";

/** Whatever was thrown, as people are shown it. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof ConnectError) {
    const name = Object.entries(Code).find(([, code]) => code === thrown.code)?.[0] ?? "Unknown";
    const code = name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
    return { code, text: thrown.rawMessage, action: "Nothing was changed; try it again, or otherwise." };
  }
  const { code, text, action } = MoorlineError.from(thrown);
  return { code, text, action };
}
