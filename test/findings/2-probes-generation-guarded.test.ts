/**
 * The finding: switches were guarded by a generation, probes were not. Two cycles of probes could overlap, and the answer of
 * the older one wrote old figures into the snapshot, or began a switch. The answer of a probe that is over changes nothing.
 */
import { describe, expect, it } from "vitest";
import { A, B, HostDriver } from "../unit/machine/host-driver.ts";
import { UnguardedProbes } from "./criticised/unguarded-probes.ts";

/** How a design probes the path that is not the active one. */
interface Probing {
  /** Begins to probe. @returns What takes the answer. */
  beginProbe(): (roundTripMs: number) => void;
  /** The probes that are under way are of no use any more. */
  giveUp(): void;
  /** What is shown: the same object where nothing has changed. */
  readonly snapshot: unknown;
}

class HostProbing implements Probing {
  private readonly driver = new HostDriver().start(A, B).wait(40).connected("a").wait(60_000);

  get snapshot(): unknown {
    return this.driver.state;
  }

  beginProbe(): (roundTripMs: number) => void {
    const { driver } = this;
    driver
      .give({ case: "foregrounded", value: { nowMs: driver.nowMs } })
      .wait(60_000)
      .due("probeDue");
    const connection = driver.online.measurements.find(({ candidateId }) => candidateId === "b")?.connection ?? 0;
    return (roundTripMs) => {
      const value = { connection, nowMs: driver.nowMs, roundTripMs, isActiveDoubted: false };
      driver.give({ case: "probeAnswered", value });
    };
  }

  giveUp(): void {
    this.driver.give({ case: "hidden", value: {} });
  }
}

/** What goes wrong where answers are late. */
function findStaleWrites(probing: Probing): string[] {
  const answer = probing.beginProbe();
  probing.giveUp();
  const given = probing.snapshot;
  answer(5);
  const late = probing.snapshot === given ? [] : ["an answer after the end has changed what is shown"];
  const older = probing.beginProbe();
  probing.giveUp();
  const newer = probing.beginProbe();
  newer(30);
  const present = probing.snapshot;
  older(5);
  return probing.snapshot === present ? late : [...late, "an older answer has changed what a newer one says"];
}

describe("finding 2: the results of probes are guarded by their generation", () => {
  it("changes nothing by the answer of a probe that is over [INV-8, INV-7, RUN-4]", () => {
    expect(findStaleWrites(new HostProbing())).toEqual([]);
  });

  it("takes the answer of the probe that is under way [INV-8]", () => {
    const probing = new HostProbing();
    const answer = probing.beginProbe();
    const before = probing.snapshot;
    answer(30);
    expect(probing.snapshot).not.toBe(before);
  });

  it("changes nothing by a round trip of another connection than the active one [INV-8]", () => {
    const driver = new HostDriver().start(A, B).wait(40).connected("a");
    const before = driver.state;
    const value = { connection: driver.online.connection + 7, nowMs: driver.nowMs, roundTripMs: 1 };
    expect(driver.give({ case: "clientMeasured", value }).ignored).toBe(true);
    expect(driver.state).toBe(before);
  });

  it("does not hold where probes write whatever they have found", () => {
    expect(findStaleWrites(new UnguardedProbes())).toEqual([
      "an answer after the end has changed what is shown",
      "an older answer has changed what a newer one says",
    ]);
  });
});
