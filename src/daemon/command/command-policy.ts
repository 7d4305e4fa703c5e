import { basename } from "node:path";

/** What is done with a command: it runs; it runs when somebody allows it; it does not run. */
export type CommandVerdict = "allow" | "ask" | "deny";

/** A command, as a policy sees it. */
export interface PolicyCommand {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** The directory that it would run in, absolute. */
  readonly workingDirectory: string;
}

/** One row of a policy. */
export interface CommandRule {
  /**
   * How the command begins: a pattern for the program, then one for each of the first arguments. In a pattern `*` stands
   * for any characters, none included. A program's pattern without `/` is held against the last part of its path. An
   * empty list is every command.
   */
  readonly argv: readonly string[];
  /** What is done with a command that begins so. */
  readonly verdict: CommandVerdict;
}

/**
 * Says what is done with a command: a table whose first fitting row counts (none: `allow`), or a function. A function
 * that throws denies. A policy sees the command only, not what that starts: `sh -c "rm x"` is `sh`. Spec: AGENT-8.
 */
export type CommandPolicy = readonly CommandRule[] | ((command: PolicyCommand) => CommandVerdict);

/** The policy where none is given: every command runs, nobody is asked. */
export const allowAllCommands: CommandPolicy = [];

/** What a policy does with a command. Never throws. */
export function judgeCommand(policy: CommandPolicy, command: PolicyCommand): CommandVerdict {
  if (typeof policy !== "function") return policy.find((rule) => fitsRule(rule, command.argv))?.verdict ?? "allow";
  try {
    return policy(command);
  } catch {
    return "deny";
  }
}

function fitsRule(rule: CommandRule, argv: readonly string[]): boolean {
  return rule.argv.every((pattern, index) => {
    const value = argv[index];
    if (value === undefined) return false;
    const isPlainProgram = index === 0 && !pattern.includes("/");
    return fitsPattern(pattern, isPlainProgram ? basename(value) : value);
  });
}

/** Whether a text is what a pattern says, in which `*` stands for any characters. */
export function fitsPattern(pattern: string, text: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let from = first.length;
  const end = text.length - last.length;
  return others.every((part) => {
    const found = text.indexOf(part, from);
    from = found + part.length;
    return found >= 0 && from <= end;
  });
}
