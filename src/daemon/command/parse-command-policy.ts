import { MoorlineError } from "../../wire/moorline-error.ts";
import type { CommandRule, CommandVerdict } from "./command-policy.ts";

const VERDICTS: ReadonlySet<unknown> = new Set<CommandVerdict>(["allow", "ask", "deny"]);

/**
 * The policy of a file: a JSON array of `{ "argv": ["git", "push"], "verdict": "ask" }`, the first fitting rule counts.
 * @throws MoorlineError OPTION_INVALID, with the place of the first mistake. Spec: AGENT-8.
 */
export function parseCommandPolicy(json: string): readonly CommandRule[] {
  const rules: unknown = parse(json);
  if (!Array.isArray(rules)) throw malformed("it is no array");
  return rules.map((rule: unknown, index) => {
    if (!isRule(rule)) throw malformed(`rule ${index + 1} is none`);
    return { argv: [...rule.argv], verdict: rule.verdict };
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : "it is no JSON");
  }
}

/** What else a rule has is a mistake: a misspelt verdict must not allow anything. */
function isRule(rule: unknown): rule is CommandRule {
  if (typeof rule !== "object" || rule === null || Object.keys(rule).sort().join() !== "argv,verdict") return false;
  const { argv, verdict } = rule as Record<string, unknown>;
  return Array.isArray(argv) && argv.every((pattern) => typeof pattern === "string") && VERDICTS.has(verdict);
}

function malformed(why: string): MoorlineError {
  const action = 'Give an array of { "argv": ["git", "push"], "verdict": "allow", "ask" or "deny" }.';
  return new MoorlineError("OPTION_INVALID", `The policy of commands cannot be used: ${why}.`, { action });
}
