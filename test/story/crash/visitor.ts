import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService, type CreateAgentResponse } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type TimelineCursor, TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { type DaemonClient, idempotencyKey, KeyedRunCutSchema } from "../../../src/client/index.ts";
import type { SimulatedRandom } from "../../../src/testing/index.ts";
import type { CallEnd, KeyedCall, Ledger, ShownAgent } from "./ledger.ts";
import { type Program, pickProgram } from "./programs.ts";

/** Timelines that are followed at once: the newest. */
const MAX_FOLLOWED = 4;
/** What a call may be refused with because of what has become of its agent. */
const REFUSALS: ReadonlySet<Code> = new Set([Code.FailedPrecondition, Code.NotFound]);

/** A client that works without a pause, whatever becomes of the daemon, and writes down all that it is shown. */
export class Visitor {
  private readonly client: DaemonClient;
  private readonly ledger: Ledger;
  private readonly random: SimulatedRandom;
  private readonly leaving = new AbortController();
  private readonly followed = new Map<string, AbortController>();
  private calls = 0;

  constructor(client: DaemonClient, ledger: Ledger, random: SimulatedRandom) {
    this.client = client;
    this.ledger = ledger;
    this.random = random;
  }

  /** Works until it is told to leave. Settles when every call has its end. */
  async work(): Promise<void> {
    const watching = this.repeat((signal) => this.watchDirectory(signal), this.leaving.signal);
    await Promise.all([this.act(), this.act(), this.act()]);
    for (const id of [...this.followed.keys()]) this.unfollow(id);
    await watching;
  }

  /** It begins nothing new. */
  leave(): void {
    this.leaving.abort();
  }

  /** Asks once more for the outcome of every call. It has to be the same. */
  async askAgain(): Promise<void> {
    for (const { key, ask, end } of this.ledger.calls) {
      const again = await ask();
      if (JSON.stringify(again, toJson) !== JSON.stringify(end, toJson)) {
        this.ledger.blame(`${key} has ended ${end?.case}, and then ${again.case}`);
      }
    }
  }

  private async act(): Promise<void> {
    while (!this.leaving.signal.aborted) {
      const program = pickProgram(this.random, this.nextKey());
      const { end } = await this.create(program);
      if (end?.case !== "done") continue;
      if (program.kind === "echo") await this.talkTo(end.agentId);
      if (this.random.chance(0.2)) await this.delete(end.agentId);
    }
  }

  private create({ title, task }: Program): Promise<KeyedCall> {
    const key = this.nextKey();
    const request = { providerId: "command", title, task };
    return this.call({ key, effect: { title } }, async () => {
      const { agent } = await this.client.service(AgentService).createAgent(request, keyed(key));
      return { agent, seq: 0n };
    });
  }

  /** Some prompts, of which the last may close the input. */
  private async talkTo(agentId: string): Promise<void> {
    const rounds = 1 + this.random.int(3);
    for (let round = 0; round < rounds; round += 1) {
      const key = this.nextKey();
      const request = { agentId, text: `say ${key}`, closeInput: round === rounds - 1 && this.random.chance(0.7) };
      await this.call({ key, effect: request }, () => {
        return this.client.service(AgentService).sendPrompt(request, keyed(key));
      });
    }
  }

  private async delete(agentId: string): Promise<void> {
    const shown = this.ledger.agents.get(agentId);
    if (shown === undefined) return;
    shown.fate = "deletionAsked";
    await this.insist(() => this.client.service(AgentService).deleteAgent({ agentId }));
    shown.fate = "deleted";
  }

  /** A keyed call, asked for again and again with its key until its end is known. */
  private async call(
    { key, effect }: Pick<KeyedCall, "key" | "effect">,
    run: () => Promise<Pick<CreateAgentResponse, "agent"> & { readonly seq: bigint }>,
  ): Promise<KeyedCall> {
    const ask = (): Promise<CallEnd> =>
      this.insist(run).then(
        ({ agent, seq }) => {
          if (agent !== undefined && call.end === undefined) this.ledger.agentShown(agent);
          return { case: "done", agentId: agent?.id ?? "", seq };
        },
        (thrown: unknown) => this.toEnd(key, ConnectError.from(thrown)),
      );
    const call: KeyedCall = { key, effect, ask, end: undefined };
    this.ledger.calls.push(call);
    call.end = await ask();
    return call;
  }

  private toEnd(key: string, error: ConnectError): CallEnd {
    if (error.findDetails(KeyedRunCutSchema).length > 0) return { case: "unknown" };
    if (!REFUSALS.has(error.code)) this.ledger.blame(`${key} has failed: ${error.message}`);
    return { case: "refused", code: Code[error.code] };
  }

  private async watchDirectory(signal: AbortSignal): Promise<void> {
    const request = { filter: {} };
    for await (const { event } of this.client.service(AgentDirectoryService).watchAgents(request, { signal })) {
      if (event.case !== "agentsChanged") continue;
      for (const { agent } of event.value.upserted) {
        if (agent === undefined) continue;
        const isNew = !this.ledger.agents.has(agent.id);
        const shown = this.ledger.agentShown(agent);
        if (isNew || agent.status === AgentStatus.STARTING) this.follow(shown);
      }
      for (const id of event.value.removedIds) this.ledger.agentRemoved(id);
    }
  }

  /** Follows a timeline, over deaths of the daemon, until newer ones are followed instead. */
  private follow(shown: ShownAgent): void {
    const { id, timelineEpoch } = shown.agent;
    if (this.followed.has(id)) return;
    const controller = new AbortController();
    this.followed.set(id, controller);
    let cursor: TimelineCursor | undefined;
    const watch = async (signal: AbortSignal): Promise<void> => {
      const request = cursor === undefined ? { agentId: id } : { agentId: id, cursor };
      for await (const { event } of this.client.service(TimelineService).watchTimeline(request, { signal })) {
        if (event.case === "itemAppended" && event.value.item !== undefined) {
          this.ledger.itemShown(shown, event.value.item);
        } else if (event.case === "mark") {
          cursor = event.value.cursor;
          if (cursor?.epoch !== timelineEpoch) this.ledger.blame(`${shown.agent.title}: a mark of another epoch`);
        } else this.ledger.blame(`${shown.agent.title}: ${event.case}, which nothing has made`);
      }
      // Its timeline was deleted.
      controller.abort();
    };
    void this.repeat(watch, controller.signal);
    const [oldest] = this.followed;
    if (this.followed.size > MAX_FOLLOWED && oldest !== undefined) this.unfollow(oldest[0]);
  }

  private unfollow(id: string): void {
    this.followed.get(id)?.abort();
    this.followed.delete(id);
  }

  /** Watches again whenever a watch was cut. */
  private async repeat(watch: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await watch(signal);
      } catch (thrown) {
        const { code, message } = ConnectError.from(thrown);
        if (code === Code.NotFound || signal.aborted) return;
        if (code !== Code.Unavailable) this.ledger.blame(`a watch has failed: ${message}`);
      }
    }
  }

  /** Calls until the daemon has answered. */
  private async insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (thrown) {
        if (ConnectError.from(thrown).code !== Code.Unavailable) throw thrown;
      }
    }
  }

  private nextKey(): string {
    this.calls += 1;
    return `${this.calls}`;
  }
}

function keyed(key: string) {
  return { contextValues: createContextValues().set(idempotencyKey, key) };
}

function toJson(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
