import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A program of the examples that runs. */
export interface ExampleProcess {
  /** The lines that it has printed so far. */
  readonly lines: readonly string[];
  /** How it has ended: its exit code, else its signal. */
  readonly ended: Promise<number | string | undefined>;
  /** What it has written to standard error so far. */
  readonly errors: readonly string[];
  /** Comes back when a line is there that matches. Rejects when the program ends before. */
  until(pattern: RegExp): Promise<string>;
  /** Comes back when there are so many lines. Rejects when the program ends before. */
  untilCount(count: number): Promise<void>;
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Runs a program, and ends it with the test.
 * @param file A path below the root of the repository: TypeScript runs in Node, anything else by itself.
 */
export function startExample(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: Readonly<Record<string, string>> },
): ExampleProcess {
  const path = `${root}${file}`;
  const isScript = file.endsWith(".ts");
  const [command, first] = isScript ? [process.execPath, ["--conditions=moorline-source", path]] : [path, []];
  const child = execa(command, [...first, ...args], { ...options, reject: false, buffer: false, stdin: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed: string[] = [];
  const errors: string[] = [];
  const checks = new Set<() => void>();
  void collect(child.iterable({ from: "stderr" }), (line) => errors.push(line));
  const drained = collect(child.iterable(), (line) => {
    printed.push(line);
    for (const check of checks) check();
  });
  const ended = Promise.all([child, drained]).then(([{ exitCode, signal }]) => exitCode ?? signal);
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        checks.delete(check);
        resolve(found);
      };
      checks.add(check);
      void ended.then((code) => reject(new Error(`${file} has ended with ${code}: ${errors.join("\n")}`)));
      check();
    });
  return {
    lines: printed,
    errors,
    ended,
    until: (pattern) => until(() => printed.find((line) => pattern.test(line))),
    untilCount: (count) => until(() => (printed.length >= count ? null : undefined)).then(() => undefined),
    kill: (signal) => void child.kill(signal),
  };
}

async function collect(lines: AsyncIterable<unknown>, take: (line: string) => void): Promise<void> {
  for await (const line of lines) take(String(line));
}
