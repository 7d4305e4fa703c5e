import { describe, expect, it } from "vitest";
import { createEnvironment, defaultEnvironmentPolicy } from "../../../../src/daemon/command/command-environment.ts";
import { fitsPattern, judgeCommand } from "../../../../src/daemon/command/command-policy.ts";

const workingDirectory = "/work";

describe("judgeCommand", () => {
  it("allows everything where there are no rules [AGENT-8]", () => {
    expect(judgeCommand([], { argv: ["rm", "-rf", "/"], workingDirectory })).toBe("allow");
  });

  it.each([
    [["git", "status"], "allow"],
    [["git", "push", "origin"], "ask"],
    [["/usr/bin/git", "push"], "ask"],
    [["git"], "allow"],
    [["rm", "x"], "deny"],
    [["/opt/tool", "x"], "deny"],
    [["/usr/opt/tool", "x"], "allow"],
  ] as const)("takes the first rule that fits the beginning: %j is %s [AGENT-8]", (argv, verdict) => {
    const policy = [
      { argv: ["git", "push*"], verdict: "ask" },
      { argv: ["rm"], verdict: "deny" },
      { argv: ["/opt/*"], verdict: "deny" },
      { argv: [], verdict: "allow" },
    ] as const;
    expect(judgeCommand(policy, { argv, workingDirectory })).toBe(verdict);
  });

  it("denies where a function throws [AGENT-8]", () => {
    const policy = (): never => {
      throw new Error("no");
    };
    expect(judgeCommand(policy, { argv: ["ls"], workingDirectory })).toBe("deny");
  });
});

describe("fitsPattern", () => {
  it.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["a*", "abc", true],
    ["*c", "abc", true],
    ["a*c", "ac", true],
    ["ab*bc", "abc", false],
    ["a*b*c", "axxbyyc", true],
    ["a*b*c", "axxc", false],
    ["a*bc*c", "abc", false],
    ["a.c", "abc", false],
  ])("holds %j against %j: %j", (pattern, text, fits) => {
    expect(fitsPattern(pattern, text)).toBe(fits);
  });
});

describe("createEnvironment", () => {
  const own = { PATH: "/bin", LC_ALL: "C", LC_API_KEY: "s", AWS_SECRET_ACCESS_KEY: "s", EDITOR: "vi", HOME: undefined };

  it("inherits what is on the list and set, but nothing that looks like a secret [AGENT-7]", () => {
    expect(createEnvironment(defaultEnvironmentPolicy, own, {})).toEqual({ PATH: "/bin", LC_ALL: "C" });
    const all = { inherited: ["*"], settable: [] };
    expect(createEnvironment(all, own, {})).toEqual({ PATH: "/bin", LC_ALL: "C", EDITOR: "vi" });
  });

  it("inherits a secret that is written out [AGENT-7]", () => {
    const named = { inherited: ["AWS_SECRET_ACCESS_KEY"], settable: [] };
    expect(createEnvironment(named, own, {})).toEqual({ AWS_SECRET_ACCESS_KEY: "s" });
  });

  it("lets clients set what is on their list, over what is inherited [AGENT-7]", () => {
    const added = { LC_ALL: "de", PATH: "/evil", "A B": "x", CI: "1\0" };
    expect(createEnvironment(defaultEnvironmentPolicy, own, added)).toEqual({ PATH: "/bin", LC_ALL: "de" });
    const open = { inherited: [], settable: ["*"] };
    expect(createEnvironment(open, own, added)).toEqual({ LC_ALL: "de", PATH: "/evil" });
  });
});
