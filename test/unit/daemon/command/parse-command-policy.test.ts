import { describe, expect, it } from "vitest";
import { parseCommandPolicy } from "../../../../src/daemon/command/parse-command-policy.ts";

describe("parseCommandPolicy", () => {
  it("takes rules in their order [AGENT-8]", () => {
    const rules = [
      { argv: ["git", "push"], verdict: "ask" },
      { argv: [], verdict: "deny" },
    ];
    expect(parseCommandPolicy(JSON.stringify(rules))).toEqual(rules);
    expect(parseCommandPolicy(" [] ")).toEqual([]);
  });

  it.each([
    ["no JSON", "{", /JSON/],
    ["nothing", "", /JSON/],
    ["no array", '{ "argv": [], "verdict": "deny" }', /it is no array/],
    ["a rule that is none", '[{ "argv": [], "verdict": "allow" }, null]', /rule 2 is none/],
    ["a misspelt verdict", '[{ "argv": ["rm"], "verdict": "denie" }]', /rule 1 is none/],
    ["no verdict", '[{ "argv": ["rm"] }]', /rule 1 is none/],
    ["no patterns", '[{ "verdict": "deny" }]', /rule 1 is none/],
    ["a pattern that is no text", '[{ "argv": [1], "verdict": "deny" }]', /rule 1 is none/],
    ["a field that is none", '[{ "argv": ["rm"], "verdict": "deny", "why": "" }]', /rule 1 is none/],
  ])("refuses %s, and says where and what to do [AGENT-8]", (_, text, message) => {
    const error = expect.objectContaining({
      code: "OPTION_INVALID",
      message: expect.stringMatching(message),
      action: expect.stringContaining('"verdict"'),
    });
    expect(() => parseCommandPolicy(text)).toThrow(error);
  });
});
