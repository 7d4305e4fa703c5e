import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { createLostError } from "../../../../src/rpc/call-errors.ts";
import { createAgentView } from "../../../../src/runtime/agent-view.ts";
import { createAgent, recency } from "../fake-directory.ts";
import { stageCreations } from "./support.ts";

const refused = new ConnectError("no", Code.InvalidArgument);
const lost = createLostError(ChannelLossReason.EPOCH_CHANGED, CallOutcome.UNKNOWN);

type Stage = ReturnType<typeof stageCreations>;
type Asked = ReturnType<Stage["ask"]>;

const steps = fc.array(
  fc.record({
    what: fc.constantFrom("ask", "ask", "answer", "answer", "show", "show", "touch", "lose", "wait" as const),
    which: fc.nat(3),
  }),
  { maxLength: 40 },
);

/** Answers and directory in any order, and what a view sees of it. */
class Play {
  readonly stage = stageCreations(1, recency);
  /** Kept up change by change, as a hook has one. */
  readonly view = createAgentView(this.stage.creations.agents.agents);
  readonly asked: (Asked & { fate: "open" | "answered" | "refused" })[] = [];
  readonly faults: string[] = [];

  constructor() {
    const { agents, list } = this.stage.creations;
    this.view.keys.subscribe(() => this.compare());
    agents.agents.subscribe(() => this.look());
    list.subscribe(() => this.look());
  }

  /** The view has what the list has, also where one is in front that is on its way. */
  compare(): void {
    const [ids, keys] = [this.stage.shown(), this.view.keys.getSnapshot()];
    if (ids.join() !== keys.join()) this.faults.push(`the list has ${ids}, the view ${keys}`);
  }

  /** Each agent that was asked for, and not refused, is shown exactly once: as itself, or as what it will be. */
  look(): void {
    const agents = this.stage.creations.agents.agents.getSnapshot();
    for (const { call, fate } of this.asked) {
      if (fate === "refused") continue;
      const count = agents.filter(({ creationId }) => creationId === call.key).length;
      if (count !== 1) this.faults.push(`${call.agent.id} is shown ${count} times`);
    }
  }

  async take({ what, which }: { readonly what: string; readonly which: number }): Promise<void> {
    const { stage } = this;
    const one = this.asked[which];
    if (what === "ask" && this.asked.length < 4) this.asked.push({ ...stage.ask(), fate: "open" });
    if (what === "wait") await stage.clock.advanceAsync(200);
    if (one === undefined) return;
    if (what === "show") stage.directory.put(one.call.agent);
    if (what === "touch") stage.directory.put(createAgent("another", this.asked.length));
    if (one.fate !== "open" || (what !== "answer" && what !== "lose")) return;
    // Where the directory has shown it, the agent is there whatever becomes of the answer.
    const isThere = stage.directory.get(one.call.agent.id) !== undefined;
    one.fate = what === "answer" || isThere ? "answered" : "refused";
    if (what === "answer") await one.call.answer();
    else await one.call.refuse(isThere ? lost : refused);
  }
}

describe("createCreations: any order of answers and directory", () => {
  it("shows each agent once, from the moment it is asked for, without a gap [CREATE-1] [CREATE-3]", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const play = new Play();
        for (const step of sequence) {
          await play.take(step);
          play.look();
          play.compare();
        }
        expect(play.faults).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
