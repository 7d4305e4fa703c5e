import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DOORS, LAYERS } from "./support/layer-table.ts";
import { COMPUTED, findViolations, packageOf, parseImports, type SourceFile } from "./support/layers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAX_LINES = 500;

interface Manifest {
  readonly exports: Record<string, unknown>;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

function listFiles(...patterns: string[]): string[] {
  const found = globSync(patterns, { cwd: ROOT, exclude: (path) => /(^|\/)node_modules$/.test(path) });
  return found.map((path) => path.replaceAll("\\", "/")).sort();
}

function readProjectFile(path: string): string {
  return readFileSync(`${ROOT}/${path}`, "utf8");
}

const sources: SourceFile[] = listFiles("src/**/*.{ts,tsx}", "gen/**/*.ts").map((file) => ({
  file,
  imports: parseImports(readProjectFile(file)),
}));
const manifest = JSON.parse(readProjectFile("package.json")) as Manifest;

describe("the house", () => {
  it("keeps its layers: arrows go down, brothers do not talk, no cycles, built-ins where they belong", () => {
    expect(findViolations(sources)).toEqual([]);
  });

  it("opens exactly the doors of package.json", () => {
    expect(Object.keys(manifest.exports)).toEqual(DOORS);
  });

  it("declares every package that src imports", () => {
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    const isBare = (specifier: string): boolean => !/^(\.|node:)/.test(specifier) && specifier !== COMPUTED;
    const used = new Set(sources.flatMap(({ imports }) => imports.filter(isBare).map(packageOf)));
    expect([...used].filter((name) => !declared.has(name))).toEqual([]);
  });

  it(`has no hand-written file over ${MAX_LINES} lines`, () => {
    const written = listFiles("{src,plugin,test,bench,examples,scripts}/**/*.{ts,tsx}");
    const long = written
      .filter((file) => !/(^|\/)gen\//.test(file))
      .filter((file) => readProjectFile(file).split("\n").length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe("parseImports", () => {
  it("finds static, type, side-effect, re-exported and dynamic imports", () => {
    const text = [
      'import { a,\n  b } from "./a.ts";',
      'import type { C } from "./c.ts";',
      'import "./side.ts";',
      'export * from "./d.ts";',
      'export { type E } from "./e.ts";',
      'const later = await import("./f.ts");',
      'type G = import("./g.ts").G;',
    ].join("\n");
    expect(parseImports(text)).toEqual(["./a.ts", "./c.ts", "./side.ts", "./d.ts", "./e.ts", "./f.ts", "./g.ts"]);
  });

  it("reports a computed dynamic import", () => {
    expect(parseImports("await import(name); await import(`./" + "$" + "{name}.ts`);")).toEqual([COMPUTED, COMPUTED]);
  });

  it("ignores comments, strings and ordinary exports", () => {
    const text = [
      '/**\n * import { a } from "moorline";\n */',
      '// import "./b.ts"',
      'const url = "http://x"; export const from = "y";',
      'const quote = /["\'`]/; /* import("./c.ts") */',
      'export function send(): string { return "sent"; }',
    ].join("\n");
    expect(parseImports(text)).toEqual([]);
  });
});

describe("findViolations", () => {
  const lowest: SourceFile = { file: "src/core/bytes.ts", imports: [] };

  it("accepts imports of named layers and of what stands below them", () => {
    const files: SourceFile[] = [
      lowest,
      { file: "gen/moorline/state/v1/phase_pb.ts", imports: ["@bufbuild/protobuf/codegenv2"] },
      { file: "src/wire/key.ts", imports: ["../core/bytes.ts", "@noble/hashes/sha2.js"] },
      { file: "src/transport/ws-client.ts", imports: ["ws", "node:net", "../core/bytes.ts"] },
      { file: "src/client/index.ts", imports: ["../core/bytes.ts", "../../gen/moorline/state/v1/phase_pb.ts"] },
      { file: "src/relay/client/dial.ts", imports: ["../../wire/key.ts"] },
      { file: "src/daemon/run.ts", imports: ["../relay/client/dial.ts", "node:fs"] },
    ];
    expect(findViolations(files)).toEqual([]);
  });

  const cases: ReadonlyArray<readonly [name: string, files: readonly SourceFile[], expected: RegExp]> = [
    [
      "an arrow that goes up",
      [lowest, { file: "src/core/x.ts", imports: ["../wire/y.ts"] }, { file: "src/wire/y.ts", imports: [] }],
      /core may not import wire/,
    ],
    [
      "brothers that talk",
      [
        { file: "src/client/x.ts", imports: ["../server/y.ts"] },
        { file: "src/server/y.ts", imports: [] },
      ],
      /client may not import server/,
    ],
    [
      "an import of testing",
      [
        { file: "src/cli/x.ts", imports: ["../testing/y.ts"] },
        { file: "src/testing/y.ts", imports: [] },
      ],
      /cli may not import testing/,
    ],
    [
      "faults outside the command line",
      [
        { file: "src/daemon/x.ts", imports: ["../faults/y.ts"] },
        { file: "src/faults/y.ts", imports: [] },
      ],
      /daemon may not import faults/,
    ],
    [
      "the relay's server side in the daemon",
      [
        { file: "src/daemon/x.ts", imports: ["../relay/pipe.ts"] },
        { file: "src/relay/pipe.ts", imports: [] },
      ],
      /daemon may not import relay/,
    ],
    [
      "a cycle",
      [
        { file: "src/core/a.ts", imports: ["./b.ts"] },
        { file: "src/core/b.ts", imports: ["./c.ts"] },
        { file: "src/core/c.ts", imports: ["./a.ts"] },
      ],
      /import cycle src\/core\/a\.ts -> src\/core\/b\.ts -> src\/core\/c\.ts -> src\/core\/a\.ts/,
    ],
    ["a built-in in a pure layer", [{ file: "src/wire/x.ts", imports: ["node:crypto"] }], /Node built-in node:crypto/],
    ["a built-in without node:", [{ file: "src/server/x.ts", imports: ["fs"] }], /imports fs without node:/],
    ["ws outside its transports", [{ file: "src/server/x.ts", imports: ["ws"] }], /only src\/transport\/ws-/],
    ["a package off the list", [{ file: "src/core/x.ts", imports: ["@noble/hashes/utils"] }], /package @noble\/hashes/],
    ["the package's own door", [{ file: "src/cli/x.ts", imports: ["moorline/server"] }], /package moorline/],
    ["a computed import", [{ file: "src/client/x.ts", imports: [COMPUTED] }], /computed dynamic import/],
    ["a file that is not there", [{ file: "src/core/x.ts", imports: ["./gone.ts"] }], /no file of src or gen/],
    ["an import out of src", [{ file: "src/cli/x.ts", imports: ["../../package.json"] }], /no file of src or gen/],
    ["a folder without a row", [{ file: "src/helpers/x.ts", imports: [] }], /no row in the layer table/],
    ["a file beside the folders", [{ file: "src/x.ts", imports: [] }], /no row in the layer table/],
    [
      "a client door that reaches ws through what it imports",
      [
        { file: "src/client/index.ts", imports: ["../transport/index.ts"] },
        { file: "src/transport/index.ts", imports: ["./ws-client.ts"] },
        { file: "src/transport/ws-client.ts", imports: ["ws", "node:net"] },
      ],
      /ws-client\.ts: the client door reaches it and it imports ws/,
    ],
  ];

  it.each(cases)("catches %s", (_name, files, expected) => {
    expect(findViolations(files).join("\n")).toMatch(expected);
  });

  it("names only layers that have a row", () => {
    const named = Object.values(LAYERS).flatMap(({ imports }) => imports.map((name) => name.split("/")[0] ?? ""));
    expect(named.filter((name) => !Object.hasOwn(LAYERS, name))).toEqual([]);
  });
});
