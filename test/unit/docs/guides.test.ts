import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { readCodeBlocks } from "../../support/markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(`${root}docs/guides/observe.md`, "utf8");

describe("docs/guides/observe.md", () => {
  it("shows a line as it is written [LOG-5]", () => {
    const [line = ""] = readCodeBlocks(page).find(({ language }) => language === "json")?.lines ?? [];
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
