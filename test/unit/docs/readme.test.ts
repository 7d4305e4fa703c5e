import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isCutFrom, snippetsOf } from "./cut-from.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");
const sources = ["proto/exec/v1/exec.proto", "server.ts", "client.ts"].map((path) =>
  readFileSync(`${root}examples/exec/${path}`, "utf8").split("\n"),
);
const snippets = snippetsOf(readme, "proto", "ts");

describe("README", () => {
  it("shows a .proto, a server and a client", () => {
    expect(snippets).toHaveLength(3);
  });

  it.each(snippets.map((snippet) => [snippet[0], snippet] as const))("cuts %s… from the example", (_, snippet) => {
    expect(sources.some((source) => isCutFrom(snippet, source))).toBe(true);
  });

  it("names only scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each(["README.md", "docs/architecture.md"])("%s links to files that there are", (page) => {
    const links = [...readFileSync(`${root}${page}`, "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, path]) => path,
    );
    const folder = page.startsWith("docs/") ? `${root}docs/` : root;
    expect(links.filter((path) => !existsSync(`${folder}${path}`))).toEqual([]);
  });
});

describe("examples/exec", () => {
  it("has a server and a client of under 120 lines in all", () => {
    const lines = ["exec.ts", "server.ts", "client.ts"].map(
      (name) => readFileSync(`${root}examples/exec/${name}`, "utf8").trimEnd().split("\n").length,
    );
    expect(lines.reduce((sum, count) => sum + count)).toBeLessThan(120);
  });
});
