import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { stageAgents } from "../support/stage-agents.ts";

const WHOLE_MS = Date.UTC(2030, 0, 1) + 123;
const whole = { seconds: BigInt(Math.floor(WHOLE_MS / 1_000)), nanos: 123_000_000 };

/** A daemon whose wall clock gives parts of a millisecond, which an app's own may do. */
const stage = () => stageAgents({ clock: new SimulatedClock({ wallStartMs: WHOLE_MS + 0.456_789 }) });

describe("a wall clock that gives parts of a millisecond", () => {
  it("gives items and agents whole ones, and everybody sees them [TIMELINE-15]", async () => {
    const { running, write, items, agents, settle, registry } = await stage();
    const { id: agentId } = await running();
    await write("1");
    expect(await items(agentId)).toMatchObject([{ createdAt: whole }, { createdAt: whole }]);
    const list = await settle(agents.updateAgent({ agentId, title: "other" }));
    expect(list.agent).toMatchObject({ createdAt: whole, updatedAt: whole });
    await settle(agents.cancelTurn({ agentId }));
    const { agent } = await settle(agents.archiveAgent({ agentId }));
    expect(agent).toMatchObject({ archivedAt: whole });
    expect(registry.get(agentId).agent.updatedAt).toMatchObject(whole);
  });
});
