import { describe, expect, it } from "vitest";
import { defaultStateDir } from "../../../src/cli/state-dir.ts";

const HOME = "/home/ada";
const WINDOWS_HOME = "C:\\Users\\ada";

describe("defaultStateDir", () => {
  it.each([
    ["linux", {}, "/home/ada/.local/state/moorline"],
    ["linux", { XDG_STATE_HOME: "/var/ada" }, "/var/ada/moorline"],
    ["linux", { XDG_STATE_HOME: "" }, "/home/ada/.local/state/moorline"],
    ["linux", { XDG_STATE_HOME: "relative" }, "/home/ada/.local/state/moorline"],
    ["freebsd", {}, "/home/ada/.local/state/moorline"],
    ["darwin", { XDG_STATE_HOME: "/var/ada" }, "/home/ada/Library/Application Support/moorline"],
  ] as const)("on %s with %j is %s [CLI-3]", (platform, env, path) => {
    expect(defaultStateDir(env, HOME, platform)).toBe(path);
  });

  it.each([
    [{ LOCALAPPDATA: "D:\\Local" }, "D:\\Local\\moorline"],
    [{}, "C:\\Users\\ada\\AppData\\Local\\moorline"],
    [{ LOCALAPPDATA: "Local" }, "C:\\Users\\ada\\AppData\\Local\\moorline"],
  ])("on Windows with %j is %s [CLI-3]", (env, path) => {
    expect(defaultStateDir(env, WINDOWS_HOME, "win32")).toBe(path);
  });
});
