import { describe, expect, it } from "vitest";
import { ProgressWatch } from "../../../../src/cli/demo/progress-watch.ts";
import { SimulatedClock } from "../../../../src/testing/index.ts";

const MINUTE_MS = 60_000;

function stage() {
  const clock = new SimulatedClock();
  const watch = new ProgressWatch(clock);
  const failures: string[] = [];
  watch.untilStalled().catch((error: Error) => failures.push(error.message));
  return { clock, watch, failures };
}

describe("ProgressWatch", () => {
  it("fails when nothing has come for 60 s, and says so once [CLI-6]", async () => {
    const { clock, failures } = stage();
    await clock.advanceAsync(MINUTE_MS - 1);
    expect(failures).toEqual([]);
    await clock.advanceAsync(10 * MINUTE_MS);
    expect(failures).toEqual(["nothing has come for 60 s"]);
  });

  it("lets it take as long as it takes while something comes [CLI-6]", async () => {
    const { clock, watch, failures } = stage();
    for (let minute = 0; minute < 60; minute += 1) {
      await clock.advanceAsync(MINUTE_MS - 2_000);
      watch.note();
    }
    expect(failures).toEqual([]);
  });

  it("counts no time in which its process did not run [CLI-6]", async () => {
    const { clock, failures } = stage();
    await clock.advanceAsync(30_000);
    clock.sleep(60 * MINUTE_MS);
    await clock.advanceAsync(28_000);
    expect(failures).toEqual([]);
    await clock.advanceAsync(2_000);
    expect(failures).toHaveLength(1);
  });
});
