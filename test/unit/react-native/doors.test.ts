import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sortDoors } from "../../react-native/doors.ts";
import { findUnknown } from "../../react-native/globals.ts";

const MANIFEST = fileURLToPath(new URL("../../../package.json", import.meta.url));

function manifestOf(...doors: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), "moorline-doors-")), "package.json");
  writeFileSync(file, JSON.stringify({ exports: Object.fromEntries(doors.map((door) => [door, "./x.js"])) }));
  return file;
}

describe("the doors for React Native", () => {
  it("have all been decided about, and what is left out says why", () => {
    const { bundled, leftOut } = sortDoors(MANIFEST);
    expect(bundled).toContain(".");
    for (const line of leftOut) expect(line).toMatch(/^\.\/\S+: \w/);
  });

  it("do not leave a new door out without a word", () => {
    expect(() => sortDoors(manifestOf(".", "./new"))).toThrow("./new");
    expect(sortDoors(manifestOf(".", "./node")).leftOut).toEqual(["./node: needs Node"]);
  });
});

describe("the globals of an app", () => {
  it("are those of React Native, and not those of Node", () => {
    expect(findUnknown(["performance", "process", "Headers", "Buffer"])).toEqual(["process", "Buffer"]);
  });
});
