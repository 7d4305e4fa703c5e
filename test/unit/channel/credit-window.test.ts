import { describe, expect, it } from "vitest";
import { CreditBudget, CreditWindow } from "../../../src/channel/credit-window.ts";
import { channelLimits } from "../../../src/wire/limits.ts";

const SIZES = { initialCreditBytes: 100, maxCreditBytes: 350, creditGrowthMs: 1000 };

function createWindow(budget = new CreditBudget(10_000)): CreditWindow {
  return new CreditWindow({ ...channelLimits, ...SIZES }, budget);
}

describe("CreditWindow [CREDIT-8]", () => {
  it("doubles when all of it was read in time, up to its limit", () => {
    const window = createWindow();
    expect([window.read(60, 0), window.read(40, 900)]).toEqual([0, 100]);
    expect([window.read(199, 950), window.read(1, 1000)]).toEqual([0, 150]);
    expect([window.size, window.read(350, 1001), window.size]).toEqual([350, 0, 350]);
  });

  it("stays as it is for a slow reader, who may be faster later", () => {
    const window = createWindow();
    expect([window.read(50, 0), window.read(50, 1001)]).toEqual([0, 0]);
    expect([window.read(100, 2001), window.size]).toEqual([100, 200]);
  });

  it("counts what the opening has asked for as its own", () => {
    const window = createWindow();
    window.widen(50);
    expect([window.read(149, 0), window.read(1, 0), window.size]).toEqual([0, 150, 300]);
    window.widen(1000);
    expect([window.read(1300, 0), window.size]).toEqual([0, 1300]);
  });

  it("grows by no more than all windows of the channel may, and gives it back", () => {
    const budget = new CreditBudget(130);
    const [first, second] = [createWindow(budget), createWindow(budget)];
    expect([first.read(100, 0), second.read(100, 0), second.read(130, 0)]).toEqual([100, 30, 0]);
    first.release();
    first.release();
    expect(second.read(130, 0)).toBe(100);
  });
});
