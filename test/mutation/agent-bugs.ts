import type { PlantedBug, TestCatch } from "./planted-bug.ts";

const LIVE = "src/daemon/agent/live-agent.ts";
const KEPT = "src/daemon/agent/kept-agent.ts";
const REGISTRY = "src/daemon/agent/agent-registry.ts";
const byAgents: TestCatch = { test: "test/unit/daemon/agent/live-agent.test.ts" };
const byRegistry: TestCatch = { test: "test/unit/daemon/agent/agent-registry.test.ts" };
const byTimelines: TestCatch = { test: "test/unit/server/timeline/timeline-store.test.ts" };

/** Bugs of agents and of their timelines. */
export const agentBugs: readonly PlantedBug[] = [
  {
    name: "an item is shown before it is committed",
    file: "src/server/timeline/timeline-turn.ts",
    find: "      this.context.backend.commit(changes.map(({ change }) => change));\n",
    replace:
      "      for (const { log, change } of changes) log.committed(change);\n" +
      "      this.context.backend.commit(changes.map(({ change }) => change));\n",
    caughtBy: byTimelines,
    shows: /TIMELINE-11/,
  },
  {
    name: "an agent is shown before it is kept",
    file: KEPT,
    find: "    const next = nextStoredAgent(this.stored, agent, resolutions);\n",
    replace: "    const next = nextStoredAgent(this.stored, agent, resolutions);\n    this.show(agent);\n",
    caughtBy: byAgents,
    shows: /AGENT-25/,
  },
  {
    name: "an agent is shown and not kept",
    file: KEPT,
    find: "    const record = this.log.setRecord(encodeStoredAgent(next));\n",
    replace: "    const record = Promise.resolve();\n",
    caughtBy: byRegistry,
    shows: /AGENT-(15|22)/,
  },
  {
    name: "a prompt is kept that its run has refused",
    file: LIVE,
    find: '    if (outcome === "closed") throw createInputClosed(this.id);\n    if (outcome === "taken") return;\n',
    replace: '    if (outcome === "closed" || outcome === "taken") return;\n',
    caughtBy: byAgents,
    shows: /AGENT-6/,
  },
  {
    name: "a run of before is heard",
    file: LIVE,
    find: "      () => generation === this.generation,\n",
    replace: "      () => generation > 0,\n",
    caughtBy: byAgents,
    shows: /AGENT-27/,
  },
  {
    name: "a run that is cancelled goes on where nothing can be kept",
    file: LIVE,
    find: "      this.perform(taken.effects);\n      return this.keep(taken);\n",
    replace: "      const kept = await this.keep(taken);\n      this.perform(taken.effects);\n      return kept;\n",
    caughtBy: byAgents,
    shows: /ends a run that is cancelled all the same/,
  },
  {
    name: "nothing follows where what a run tells cannot be kept",
    file: LIVE,
    find: "        this.kept.show(this.step(this.kept.agent, failed).agent);\n",
    replace: "        void failed;\n",
    caughtBy: byAgents,
    shows: /AGENT-25/,
  },
  {
    name: "decisions are forgotten",
    file: "src/daemon/agent/stored-agent.ts",
    find: "[...stored.resolutions, ...resolutions].slice(-MAX_RESOLUTIONS)",
    replace: "[...resolutions]",
    caughtBy: byAgents,
    shows: /AGENT-19/,
  },
  {
    name: "an agent goes before its run has ended",
    file: LIVE,
    find: "      await this.run?.closed;\n",
    replace: "",
    caughtBy: byRegistry,
    shows: /AGENT-24/,
  },
  {
    name: "agents that are being created are not counted",
    file: REGISTRY,
    find: "if (this.live.size + this.coming >= maxAgents)",
    replace: "if (this.live.size >= maxAgents)",
    caughtBy: byRegistry,
    shows: /AGENT-21/,
  },
  {
    name: "agents that ran when the daemon ended go on as if they ran",
    file: REGISTRY,
    find: "        if (!ignored) await kept.commit(",
    replace: "        if (ignored) await kept.commit(",
    caughtBy: byRegistry,
    shows: /AGENT-15/,
  },
  {
    name: "runs that a stop has ended count as ended by themselves",
    file: "src/daemon/agent/run-events.ts",
    find: "ownFailure ?? (isClosing ? stoppedWithDaemon() : undefined)",
    replace: "ownFailure",
    caughtBy: byRegistry,
    shows: /AGENT-22/,
  },
];
