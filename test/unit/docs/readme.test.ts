import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readCodeBlocks } from "../../support/markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");
const snippets = readCodeBlocks(readme).filter(({ language }) => language === "proto" || language === "ts");

describe("README", () => {
  it("shows a .proto, a server and a client", () => {
    expect(snippets).toHaveLength(3);
  });

  it("names only scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
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

describe("examples/jobs", () => {
  it("has a server and a client of under 320 lines in all", () => {
    const lines = globSync("examples/jobs/*.ts", { cwd: root }).map(
      (path) => readFileSync(`${root}${path}`, "utf8").trimEnd().split("\n").length,
    );
    expect(lines.reduce((sum, count) => sum + count)).toBeLessThan(320);
  });
});
