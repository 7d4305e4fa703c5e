import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Agent, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type AgentFilterSchema,
  type DirectoryCursor,
  type DirectoryMark,
  SnapshotReasonSchema,
  WatchAgentsRequestSchema,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { Call, CallClose, CallListener } from "../../../src/channel/call.ts";
import type { SimulatedRandom } from "../../../src/testing/index.ts";
import { MirrorModel } from "../../support/mirror-model.ts";
import type { ReadStyle } from "../channel/call-plan.ts";
import { Reader } from "../channel/halves.ts";
import type { SimClient } from "../channel/sim-client.ts";
import { Broken, type Facts } from "../world.ts";
import { judgeMark } from "./judge-mark.ts";
import type { Truth } from "./truth.ts";

/** A filter, as it is asked for and as the test understands it. */
export interface FollowedFilter {
  readonly init: MessageInitShape<typeof AgentFilterSchema>;
  readonly matches: (agent: Agent) => boolean;
}

const FILTERS: readonly FollowedFilter[] = [
  { init: {}, matches: () => true },
  { init: { statuses: [AgentStatus.IDLE] }, matches: ({ status }) => status === AgentStatus.IDLE },
  {
    init: { statuses: [AgentStatus.RUNNING, AgentStatus.ERROR], providerIds: ["acp"] },
    matches: ({ status, providerId }) => status !== AgentStatus.IDLE && providerId === "acp",
  },
];

/** What a follower stands in. */
export interface FollowerScene {
  readonly client: SimClient;
  readonly truth: Truth;
  readonly facts: Facts;
  readonly random: SimulatedRandom;
}

/** One reading of a directory. */
interface Reading {
  readonly call: Call;
  readonly reader: Reader;
  /** Where the collection stood when the call was opened. */
  readonly openedAt: { readonly epoch: string; readonly revision: number };
}

/** Somebody who follows the agents: reads as they like, goes on after every loss, and changes their mind. */
export class Follower implements CallListener {
  filter: FollowedFilter;
  mirror = new MirrorModel<Agent>();
  private readonly scene: FollowerScene;
  private cursor: DirectoryCursor | undefined = undefined;
  private reading: Reading | undefined = undefined;
  private phase: "restless" | "calm" = "restless";

  constructor(scene: FollowerScene) {
    this.scene = scene;
    this.filter = scene.random.pick(FILTERS);
    this.open();
    this.planChange();
  }

  /** Reads everything at once from now on, and stays with its filter. */
  calm(): void {
    this.phase = "calm";
    this.reading?.reader.hurry();
  }

  readable(): void {
    this.reading?.reader.wake();
  }

  writable(): void {}

  headers(): void {}

  closed(close: CallClose): void {
    if (close.kind !== "lost") throw new Broken(`a watch has ended: ${close.kind}`);
    this.reading = undefined;
    this.mirror.cut();
    this.scene.facts.count("watches lost");
    this.scene.client.host.clock.setTimer(this.scene.random.between(0, 300), () => this.open());
  }

  /** What a call still holds that was given up, or was lost, is nothing to the mirror. */
  private take(call: Call, message: Uint8Array): void {
    if (this.reading?.call !== call) return;
    this.apply(fromBinary(WatchAgentsResponseSchema, message));
    const [complaint] = this.mirror.complaints;
    if (complaint !== undefined) throw new Broken(complaint);
  }

  private open(diverged = false): void {
    const { client, random, truth } = this.scene;
    if (this.reading !== undefined) return;
    const { cursor, filter } = this;
    const request = { filter: filter.init, diverged, ...(cursor === undefined ? {} : { cursor }) };
    const message = toBinary(WatchAgentsRequestSchema, create(WatchAgentsRequestSchema, request));
    const method = "moorline.agent.v1.AgentDirectoryService/WatchAgents";
    const call = client.channel.open({ method, message, last: true, listener: this });
    const style: ReadStyle = this.phase === "calm" ? { kind: "eager" } : drawStyle(random);
    const reader = new Reader(client.host.clock, call, style, {
      take: (taken) => this.take(call, taken),
      exhausted: () => {},
    });
    this.reading = { call, reader, openedAt: { epoch: truth.epoch, revision: truth.revision } };
    // A reader is told of what it has asked for in vain.
    reader.wake();
  }

  private close(): void {
    this.reading?.call.cancel();
    this.reading = undefined;
    this.mirror.cut();
  }

  private planChange(): void {
    const { client, random } = this.scene;
    client.host.clock.setTimer(random.between(300, 4_000), () => {
      if (this.phase === "restless") this.changeMind();
    });
  }

  private changeMind(): void {
    const { random, facts } = this.scene;
    this.close();
    const wish = random.pick(["goOn", "goOn", "filter", "forget", "diverged"] as const);
    facts.count(`wish ${wish}`);
    if (wish === "filter") this.filter = random.pick(FILTERS);
    if (wish === "forget") {
      this.cursor = undefined;
      this.mirror = new MirrorModel();
    }
    this.open(wish === "diverged");
    this.planChange();
  }

  private apply({ event }: WatchAgentsResponse): void {
    const { mirror } = this;
    if (event.case === "snapshotBegan") {
      this.scene.facts.count(`snapshot ${SnapshotReasonSchema.value[event.value.reason]?.localName}`);
      if (mirror.isRefreshing) this.scene.facts.count("snapshots begun anew");
      mirror.take({ kind: "snapshotBegan", total: Number(event.value.total) });
    } else if (event.case === "agentsChanged") {
      const upserted = event.value.upserted.map(({ agent, revision }) => {
        if (agent === undefined) throw new Broken("an upsert has no agent");
        if (!this.filter.matches(agent)) throw new Broken(`${agent.id} does not match and is upserted`);
        return { id: agent.id, value: agent, revision: Number(revision) };
      });
      mirror.take({ kind: "changed", upserted, removedIds: event.value.removedIds });
    } else if (event.case === "mark") this.applyMark(event.value);
  }

  private applyMark({ cursor, digest }: DirectoryMark): void {
    const { mirror, reading, scene } = this;
    if (cursor === undefined || reading === undefined) throw new Broken("a mark has no cursor");
    const endsSnapshot = mirror.isRefreshing;
    mirror.take({ kind: "mark", cursor: { revision: Number(cursor.revision) }, digest });
    this.cursor = cursor;
    scene.facts.count(digest === undefined ? "marks" : "marks with digest");
    if (cursor.epoch !== scene.truth.epoch) return;
    const wholeFrom = endsSnapshot && reading.openedAt.epoch === cursor.epoch ? reading.openedAt.revision : 0;
    judgeMark(this, scene.truth, wholeFrom);
  }
}

function drawStyle(random: SimulatedRandom): ReadStyle {
  const kind = random.pick(["eager", "eager", "slow", "stalled"] as const);
  if (kind === "slow") return { kind, everyMs: random.between(10, 400) };
  if (kind === "stalled") return { kind, forMs: random.between(200, 8_000) };
  return { kind };
}
