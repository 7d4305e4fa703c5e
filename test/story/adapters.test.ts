import { describe, expect, it } from "vitest";
import { startExample } from "../support/example-process.ts";

describe("examples/adapters", () => {
  it("holds adapters of an app to what is asked of them, with the runner of Node [MIRROR-8] [REGISTRY-1]", async () => {
    const program = startExample("examples/adapters/adapters.test.ts", [], { env: {} });
    expect([await program.ended, program.errors]).toEqual([0, []]);
    expect(program.lines).toContainEqual(expect.stringMatching(/^(# |ℹ )fail 0$/));
    expect(program.lines.join("\n")).toMatch(/mirror storage in a text[\s\S]*host registry in a text: its text/);
  });
});
