import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, KeyedRunCutSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import type { SayResponse } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import type { Outcome } from "../../rpc/support/echo.ts";
import { CrashingDaemon, type OpenJournal } from "../support/crashing-daemon.ts";
import { disks } from "../support/disks.ts";

/** What the caller knows in the end: the effect it was told of, or that nobody knows. */
function verdictOf(outcome: Outcome<SayResponse>): string {
  if (outcome.state === "fulfilled") return outcome.value.text;
  if (outcome.state === "pending") return "pending";
  const [cut] = outcome.error.findDetails(KeyedRunCutSchema);
  const isHonest = outcome.error.code === Code.Aborted && cut?.outcome === CallOutcome.UNKNOWN;
  return isHonest ? "unknown" : `failed: ${outcome.error.message}`;
}

/** Kills the daemon so many events after the call was made, starts it again, and asks once more. */
async function crashAfter(
  events: number,
  openJournal: OpenJournal,
): Promise<{ verdict: string; again: string; effects: number }> {
  const daemon = new CrashingDaemon(openJournal);
  await daemon.clock.advanceAsync(1_000);
  const call = daemon.call();
  await daemon.run(events);
  daemon.kill();
  await daemon.clock.advanceAsync(500);
  daemon.start();
  await daemon.clock.advanceAsync(20_000);
  const again = daemon.call();
  await daemon.clock.advanceAsync(1_000);
  return { verdict: verdictOf(call.outcome), again: verdictOf(again.outcome), effects: daemon.effects };
}

describe.each(disks)("a daemon with %s that crashes while a keyed call is made", (_, createDisk) => {
  it("has one effect or says that it does not know, at every event until all is acknowledged [JOURNAL-5, JOURNAL-12]", async () => {
    const undisturbed = new CrashingDaemon(await createDisk());
    await undisturbed.clock.advanceAsync(1_000);
    const call = undisturbed.call();
    const events = await undisturbed.run(10_000);
    expect(verdictOf(call.outcome)).toBe("effect 1");
    expect(events).toBeGreaterThan(12);
    const verdicts = new Set<string>();
    for (let at = 0; at <= events; at += 1) {
      const { verdict, again, effects } = await crashAfter(at, await createDisk());
      const where = `killed after event ${at} of ${events}: ${verdict}, ${effects} effects`;
      expect(effects, where).toBeLessThanOrEqual(1);
      expect(verdict, where).toMatch(/^(effect 1|unknown)$/);
      if (verdict === "effect 1") expect(effects, where).toBe(1);
      expect(again, `${where}, asked again`).toBe(verdict);
      verdicts.add(`${verdict}, ${effects} effects`);
    }
    expect([...verdicts].sort()).toEqual(["effect 1, 1 effects", "unknown, 0 effects", "unknown, 1 effects"]);
  });

  it("has one effect also where its session, and so its key, is ended at any event [JOURNAL-10]", async () => {
    const verdicts = new Set<string>();
    for (let at = 0; at <= 30; at += 1) {
      const daemon = new CrashingDaemon(await createDisk());
      await daemon.clock.advanceAsync(1_000);
      const call = daemon.call();
      await daemon.run(at);
      daemon.endSessions();
      await daemon.clock.advanceAsync(10);
      daemon.connect();
      await daemon.clock.advanceAsync(20_000);
      expect(daemon.effects, `ended after event ${at}`).toBeLessThanOrEqual(1);
      verdicts.add(call.outcome.state);
    }
    expect([...verdicts].sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("ends with the one outcome over a connection lost at every event [JOURNAL-12, JOURNAL-8]", async () => {
    for (let at = 0; at <= 30; at += 1) {
      const daemon = new CrashingDaemon(await createDisk());
      await daemon.clock.advanceAsync(1_000);
      const call = daemon.call();
      await daemon.run(at);
      daemon.cut();
      await daemon.clock.advanceAsync(20_000);
      expect([verdictOf(call.outcome), daemon.effects], `cut after event ${at}`).toEqual(["effect 1", 1]);
    }
  });
});
