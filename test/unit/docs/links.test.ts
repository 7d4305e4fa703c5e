import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readAnchors, readLinks } from "../../support/markdown.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: root })].map((path) => path.replaceAll("\\", "/"));

/** Whether a link of a page leads to a file, and where it names one to a heading of it. */
function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(`${root}${target}`)) return false;
  return anchor === undefined || readAnchors(read(target)).has(anchor);
}

describe("links", () => {
  it.each(pages)("of %s lead somewhere", (page) => {
    expect(readLinks(read(page)).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it.each(["nowhere.md", "spec.md#no-such-heading", "#no-such-heading"])("notice that %s is not there", (link) => {
    expect(leadsSomewhere("docs/README.md", link)).toBe(false);
  });
});

describe("docs/README.md", () => {
  it("has a row for each page", () => {
    const linked = readLinks(read("docs/README.md")).map((link) => join("docs", link).split("#")[0]);
    const others = pages.filter((page) => page !== "README.md" && page !== "docs/README.md");
    expect(others.filter((page) => !linked.includes(page))).toEqual([]);
  });

  it("is linked from the README", () => {
    expect(readLinks(read("README.md"))).toContain("docs/README.md");
  });
});
