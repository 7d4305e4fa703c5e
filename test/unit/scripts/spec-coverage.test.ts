import { describe, expect, it } from "vitest";
import { measureCoverage, parseCitations, parseClauses } from "../../../scripts/spec-coverage.ts";

describe("parseClauses", () => {
  it("takes ids in bold at the start of paragraphs, list items and table rows, not elsewhere", () => {
    const spec = "**A-1** One.\n\n- **A-2** Two, see **A-9**.\n2. **B-3** Three.\n| **B-4** | Four |\nSee **A-8**.\n";
    expect(parseClauses(spec)).toEqual(["A-1", "A-2", "B-3", "B-4"]);
  });
});

describe("parseCitations", () => {
  it("takes one or several ids in brackets and nothing else", () => {
    expect(parseCitations(`drops [0] of [x] ${"[A-1]"} ${"[A-2, B-3]"}`)).toEqual(["A-1", "A-2", "B-3"]);
  });
});

describe("measureCoverage", () => {
  it("reports clauses without a test, unknown and repeated ids", () => {
    const spec = "**A-1** One.\n\n**A-2** Two.\n\n**A-2** Again.\n";
    expect(measureCoverage(spec, ["first [A-1]", "stray [A-7]"])).toEqual({
      clauses: ["A-1", "A-2"],
      repeated: ["A-2"],
      untested: ["A-2"],
      unknown: ["A-7: stray [A-7]"],
    });
  });
});
