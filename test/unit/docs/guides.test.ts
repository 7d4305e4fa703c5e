import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { isCutFrom, snippetsOf } from "./cut-from.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(`${root}docs/guides/observe.md`, "utf8");
const files = globSync("examples/observe/*.ts", { cwd: root });
const sources = files.map((path) => readFileSync(`${root}${path}`, "utf8").split("\n"));

describe("docs/guides/observe.md", () => {
  it.each(snippetsOf(page, "ts").map((lines) => [lines[0], lines] as const))(
    "cuts %s… from the example",
    (_, lines) => {
      expect(sources.some((source) => isCutFrom(lines, source))).toBe(true);
    },
  );

  it("shows a line as it is written [LOG-5]", () => {
    const [[line = ""] = []] = snippetsOf(page, "json");
    const { transition, msg } = JSON.parse(line) as { transition: Parameters<typeof fromJson>[1]; msg: string };
    const { machine, from, to, event } = fromJson(TransitionSchema, transition);
    expect(msg).toBe(`${machine}: ${from} → ${to} (${event})`);
  });

  it("names only programs and pages that there are", () => {
    const programs = [...page.matchAll(/examples\/observe\/[a-z]+\.ts/g)].map(([path]) => path);
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => `docs/guides/${path}`);
    expect(programs.length).toBeGreaterThan(1);
    expect([...programs, ...links].filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });
});
