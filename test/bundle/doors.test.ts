import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { bundlePage, pages, readSizes } from "../../bench/measures/doors.ts";

const TABLE = fileURLToPath(new URL("../../bench/results/bundle.md", import.meta.url));
/** How far a size may be from the table, either way. */
const MOST_DRIFT = 0.02;
const COMMAND = "npm run bench -- --only doors";

describe("doors: the committed table of sizes", () => {
  const committed = readSizes(readFileSync(TABLE, "utf8"));
  const actual = new Map<string, number>();

  beforeAll(async () => {
    for (const [name, imports] of pages) {
      const bundle = await bundlePage(imports);
      if (bundle !== undefined) actual.set(name, bundle.gzipBytes / 1024);
    }
  });

  it("has every door that a browser can load, and no other", () => {
    expect([...actual.keys()], `make the table again: ${COMMAND}`).toEqual([...committed.keys()]);
    expect([...committed.keys()]).toEqual(expect.arrayContaining(["`moorline`", "`moorline/serve`"]));
    expect([...committed.keys()]).not.toContain("`moorline/server`");
  });

  it(`is right to ${MOST_DRIFT * 100} %`, () => {
    const drifted = [...actual]
      .map(([name, kib]) => ({ name, kib, before: committed.get(name) ?? 0 }))
      .filter(({ kib, before }) => Math.abs(kib - before) > before * MOST_DRIFT)
      .map(
        ({ name, kib, before }) =>
          `${name}: ${kib.toFixed(1)} KiB, in the table ${before}; if that is meant: ${COMMAND}`,
      );
    expect(drifted).toEqual([]);
  });
});

describe("doors: what a page does not load", () => {
  it.each([
    ["the client door, the descriptor of descriptors", "`moorline`", /descriptor_pb/],
    ["the client door, what serves calls", "`moorline`", /src\/rpc\/serve/],
    ["the client door, probes", "`moorline`", /prob|promot/],
    ["the agent family, the descriptor of descriptors", "the client door with the agent family", /descriptor_pb/],
    [
      "the door of runtimes, the descriptor of descriptors and proto JSON",
      "`moorline/runtime`",
      /descriptor_pb|(from|to)-json/,
    ],
    [
      "the door of views, the descriptor of descriptors and proto JSON",
      "`moorline/react`",
      /descriptor_pb|(from|to)-json/,
    ],
    [
      "the client door, the registry of protobuf-es and what only Node fails at",
      "`moorline`",
      /esm\/registry|node-(actions|error)/,
    ],
    ["the door of runtimes, reflection", "`moorline/runtime`", /reflect\/reflect|esm\/(equals|clone)/],
    [
      "the door of views, the rows of machines of hosts and mirrors",
      "`moorline/react`",
      /machine\/(host|sync)\/(?!shapes)/,
    ],
  ])("%s", async (_, page, file) => {
    const bundle = await bundlePage(pages.get(page) ?? "");
    const loaded = Object.entries(Object.values(bundle?.metafile.outputs ?? {})[0]?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path);
    expect(loaded.length).toBeGreaterThan(50);
    expect(loaded.filter((path) => file.test(path))).toEqual([]);
  });

  it.each(["one client, agents watched", "`moorline/runtime`", "`moorline/react`"])(
    "%s, descriptors of machines",
    async (page) => {
      const bundle = await bundlePage(pages.get(page) ?? "");
      const described = ["agent", "machine"].filter((name) => bundle?.text.includes(` moorline.${name}.v1|`));
      expect(described).toEqual(["agent"]);
    },
  );
});
