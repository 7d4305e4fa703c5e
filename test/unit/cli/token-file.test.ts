import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultStateDir } from "../../../src/cli/state-dir.ts";
import { findTokenFile, readTokenFile } from "../../../src/cli/token-file.ts";

const here = { isLoopback: true };
let home: string;
let token: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "moorline-token-"));
  for (const name of ["XDG_STATE_HOME", "LOCALAPPDATA", "HOME"]) vi.stubEnv(name, home);
  token = join(defaultStateDir(process.env, homedir()), "token");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function writeToken(text: string): void {
  mkdirSync(dirname(token), { recursive: true });
  writeFileSync(token, text);
}

describe("findTokenFile", () => {
  it("takes the one that is named, whether it is there or not [CLI-3]", () => {
    writeToken("t");
    expect(findTokenFile("/named", here)).toBe("/named");
    expect(findTokenFile("/named", { isLoopback: false })).toBe("/named");
  });

  it("takes that of the daemon of this user, towards this machine only, and where there is one [CLI-3]", () => {
    expect(findTokenFile(undefined, here)).toBeUndefined();
    writeToken("t");
    expect(findTokenFile(undefined, here)).toBe(token);
    expect(findTokenFile(undefined, { isLoopback: false })).toBeUndefined();
  });
});

describe("readTokenFile", () => {
  it("gives the token without the white space around it [CLI-3]", async () => {
    writeToken(" the-token\n");
    expect(await readTokenFile(token)).toBe("the-token");
  });

  it.each(["", " \n"])("refuses a file without a token: %j [CLI-3]", async (text) => {
    writeToken(text);
    await expect(readTokenFile(token)).rejects.toMatchObject({ code: "TOKEN_FILE_UNUSABLE" });
  });

  it("refuses what cannot be read [CLI-3]", async () => {
    await expect(readTokenFile(home)).rejects.toMatchObject({ code: "TOKEN_FILE_UNUSABLE" });
  });
});
