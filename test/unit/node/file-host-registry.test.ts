import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFileHostRegistry } from "../../../src/node/file-host-registry.ts";
import { describeHostRegistry } from "../../../src/testing/index.ts";
import { profileOf } from "../../../src/testing/sample-profiles.ts";

let root = "";
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "moorline-registry-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

function newFolder(): string {
  count += 1;
  return join(root, `${count}`);
}

describeHostRegistry({ describe, it }, "createFileHostRegistry", async () => {
  const folder = newFolder();
  const file = join(folder, "hosts.json");
  await mkdir(folder);
  return {
    open: () => createFileHostRegistry(file),
    text: {
      read: () => readFile(file, "utf8").catch(() => undefined),
      write: (text) => writeFile(file, text),
      copies: async () => {
        const names = (await readdir(folder)).filter((name) => name.includes(".damaged-"));
        return Promise.all(names.sort().map((name) => readFile(join(folder, name), "utf8")));
      },
    },
  };
});

describe("createFileHostRegistry", () => {
  it("makes its directory, and a file that only this user can read, also in place of another [REGISTRY-7]", async () => {
    const folder = newFolder();
    const file = join(folder, "deep", "hosts.json");
    const registry = createFileHostRegistry(file);
    await registry.update(() => [profileOf(1)]);
    await chmod(file, 0o644);
    await registry.update(() => [profileOf(2)]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "deep"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, "deep"))).toEqual(["hosts.json"]);
  });

  it("rejects where it cannot read or write, with what the system says [REGISTRY-8]", async () => {
    const folder = newFolder();
    await mkdir(folder);
    const inTheWay = createFileHostRegistry(folder);
    await expect(inTheWay.load()).rejects.toMatchObject({ code: "STORAGE_FAILED", cause: { code: "EISDIR" } });
    await writeFile(join(folder, "file"), "");
    const below = createFileHostRegistry(join(folder, "file", "hosts.json"));
    await expect(below.update(() => [profileOf(1)])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await readdir(folder)).toEqual(["file"]);
  });
});
