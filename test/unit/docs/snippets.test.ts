import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../../src/cli/program.ts";
import { STAND_INS } from "../../react-native/stand-ins/index.ts";
import { type CodeBlock, isCutFrom, readCodeBlocks } from "../../support/markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");

const pages = ["README.md", ...globSync("docs/guides/*.md", { cwd: root })];
/** The stories run all of these, and compare what they print with the recorded outputs among them. */
const sources = globSync("examples/**/*.{proto,ts,tsx,sh,out,yaml}", { cwd: root })
  .filter((path) => !/\/gen\//.test(path))
  .map((path) => read(path).split("\n"));

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { scripts, dependencies, devDependencies } = JSON.parse(read("package.json")) as Manifest;
const program = await createProgram();
/** What examples import that is not installed here. */
const foreign = Object.keys(STAND_INS);
const packages = new Set(["moorline", ...Object.keys(dependencies), ...Object.keys(devDependencies), ...foreign]);
/** Where guides say what to type for a program that they are about. */
const folders = ["", "examples/jobs/", "examples/scripts/", "examples/cli/"];

/** `moorline COMMAND`, with options that there are. */
function isCommandLine(words: readonly string[]): boolean {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const command = program.commands.find((each) => own.includes(each.name()));
  const options = new Set([...program.options, ...(command?.options ?? [])].map(({ long }) => long));
  return command !== undefined && own.filter((word) => word.startsWith("--")).every((word) => options.has(word));
}

/** What a reader types beside what an example has: npm, the generator, and programs of the examples. */
function isKnownCommand(command: string): boolean {
  const [, name = ""] = /^npm run (\S+)/.exec(command) ?? [];
  if (name !== "") return name in scripts;
  const [, names = ""] = /^npm i (?:-D )?(.+)$/.exec(command) ?? [];
  if (names !== "") return names.split(" ").every((text) => packages.has(text.replace(/(?<=.)@[\d.]+$/, "")));
  const [, script = ""] = /^(?:[A-Z_]+=\S+ )?sh (\S+\.sh)$/.exec(command) ?? [];
  if (script !== "") return existsSync(root + script);
  const [, file = ""] = /^(?:[A-Z_]+=\S+ )?node (?:--conditions=moorline-source )?(\S+\.ts)( .*)?$/.exec(command) ?? [];
  if (file !== "") return folders.some((folder) => existsSync(root + folder + file));
  const [, page = ""] = /^npx vite (\S+)$/.exec(command) ?? [];
  if (page !== "") return existsSync(`${root}${page}/index.html`);
  if (command.startsWith("npx moorline ")) return isCommandLine(command.split(" ").slice(2));
  return (
    /^npm (ci|start|test|init -y|pkg set type=module)( -- --(json|stay))?$/.test(command) ||
    command === "npx buf generate"
  );
}

function isKnownLine(line: string): boolean {
  const commands = line.replace(/ +# .*$/, "").split(" && ");
  return commands.every((command) => command === "" || isKnownCommand(command.trim()));
}

function isHeld({ language, lines }: CodeBlock): boolean {
  // guides.test.ts reads these as what they are.
  if (language === "json") return lines.every((line) => JSON.parse(line) !== undefined);
  return sources.some((source) => isCutFrom(lines, source)) || (language === "sh" && lines.every(isKnownLine));
}

describe.each(pages)("%s", (page) => {
  const blocks = readCodeBlocks(read(page)).map((block) => [block.lines[0] ?? "", block] as const);

  it.each(blocks)("cuts %s… from a file that is tested", (_, block) => {
    expect(isHeld(block), block.lines.join("\n")).toBe(true);
  });
});

describe("a code block", () => {
  it.each([
    ["ts", "const server = somethingElse();"],
    ["sh", "npm run nothing-of-this-name"],
    ["sh", "npm i a-package-that-nobody-knows"],
    ["sh", "npx vite examples/nowhere"],
    ["sh", "npx moorline invent"],
    ["sh", "npx moorline run --invented -- ls"],
    ["", "no output of any program"],
  ])("in %s is not held where nobody has it: %s", (language, line) => {
    expect(isHeld({ language, lines: [line] })).toBe(false);
  });
});
