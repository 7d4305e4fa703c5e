import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Agent, AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  type AgentFilter,
  AgentFilterSchema,
  type AgentsChanged,
  DirectoryCursorSchema,
  type DirectoryMark,
  type WatchAgentsResponse,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { isInitialLoad } from "../../machine/sync.ts";
import { generalCodec } from "../../rpc/message-format.ts";
import { areSameMessages } from "../../wire/plain-message.ts";
import { ListFollowers, type ListSource } from "../list-source.ts";
import { SortedList } from "../sorted-list.ts";
import { KeyedListeners, Listeners, type Source } from "../source.ts";
import type { StoredEntry, StoredMirror } from "../storage/mirror-storage.ts";
import type { AgentDirectoryOptions, OwnedAgentDirectory } from "./agent-directory.ts";
import { byUpdatedLast, toTotalOrder } from "./agent-order.ts";
import type { KnownEntry } from "./entry-table.ts";
import { filterKeyOf } from "./filter-key.ts";
import { Mirror, type MirrorListener } from "./mirror.ts";
import { type MirrorHost, type MirrorMetrics, reportTo, type StopOptions } from "./mirror-host.ts";
import { MirrorLife, type MirrorWork } from "./mirror-life.ts";
import type { CursorPosition } from "./save-order.ts";

/** How many sources of single agents are remembered, so that who asks twice gets the same. */
const MAX_SOURCES = 1_024;

const codec = generalCodec(AgentSchema);

/** What has changed since listeners were told. */
interface Notes {
  /** What was shown, where everything is another one. */
  before: ReadonlyMap<string, KnownEntry<Agent>> | undefined;
  /** The ids that have changed, as far as anybody may listen to them. */
  readonly ids: Set<string>;
  /** Whether the list is another one. */
  list: "same" | "changed";
}

/** The mirror of a directory. Made by `createAgentDirectory`. */
export class DirectoryMirror
  implements OwnedAgentDirectory, MirrorWork<WatchAgentsResponse, Agent>, MirrorListener<Agent>
{
  readonly subject = "";
  readonly buildsOn = "between";
  readonly sync: Source<SyncState>;
  readonly agents: ListSource<Agent>;
  private readonly host: MirrorHost;
  private readonly life: MirrorLife<WatchAgentsResponse, Agent>;
  private readonly mirror: Mirror<Agent>;
  private readonly sorted: SortedList<Agent, string>;
  private readonly all: Listeners;
  private readonly followers: ListFollowers<Agent>;
  private readonly single: KeyedListeners;
  private readonly sources = new Map<string, Source<Agent | undefined>>();
  private readonly notes: Notes = { before: undefined, ids: new Set(), list: "same" };
  private wish: { readonly filter: AgentFilter; readonly key: string };
  /** Whether the next mark completes everything that is shown, and not only what has changed since the last one. */
  private scope: "changes" | "everything" = "everything";

  constructor(host: MirrorHost, { filter = {}, order = byUpdatedLast }: AgentDirectoryOptions) {
    this.host = host;
    this.wish = toWish(filter);
    this.all = new Listeners(reportTo(host));
    this.followers = new ListFollowers(reportTo(host));
    this.single = new KeyedListeners(reportTo(host));
    this.mirror = new Mirror<Agent>(areSameAgents, this);
    const total = toTotalOrder(order);
    const make = (): Agent[] => [...valuesOf(this.mirror.entries)].sort(total);
    this.sorted = new SortedList<Agent, string>(total, { make, keyOf: ({ id }) => id });
    this.life = new MirrorLife(host, this);
    this.sync = this.life.driver.source;
    this.agents = {
      getSnapshot: () => this.sorted.list(),
      subscribe: (listener) => this.all.add(listener),
      order: total,
      follow: (follower) => this.followers.add(follower),
    };
  }

  get metrics(): MirrorMetrics {
    return this.life.metrics;
  }

  get filter(): AgentFilter {
    return this.wish.filter;
  }

  get storageKey(): string {
    return `agents/${this.wish.key}`;
  }

  start(): void {
    this.life.start();
  }

  stop(options?: StopOptions): Promise<void> {
    return this.life.stop(options);
  }

  save(): void {
    this.life.save();
  }

  refresh(): void {
    this.life.refresh();
  }

  setFilter(filter: MessageInitShape<typeof AgentFilterSchema>): void {
    const wish = toWish(filter);
    if (wish.key === this.wish.key) return;
    this.wish = wish;
    this.scope = "everything";
    this.life.rekey();
  }

  get(id: string): Agent | undefined {
    return this.mirror.get(id);
  }

  agent(id: string): Source<Agent | undefined> {
    const known = this.sources.get(id);
    if (known !== undefined) return known;
    const source: Source<Agent | undefined> = {
      getSnapshot: () => this.mirror.get(id),
      subscribe: (listener) => this.single.add(id, listener),
    };
    const [oldest] = this.sources.size < MAX_SOURCES ? [] : this.sources.keys();
    if (oldest !== undefined) this.sources.delete(oldest);
    this.sources.set(id, source);
    return source;
  }

  watch(cursor: Uint8Array, diverged: boolean, signal: AbortSignal): AsyncIterable<WatchAgentsResponse> {
    const { filter } = this.wish;
    const from = cursor.length === 0 ? {} : { cursor: fromBinary(DirectoryCursorSchema, cursor) };
    return this.host.service(AgentDirectoryService).watchAgents({ filter, diverged, ...from }, { signal });
  }

  take({ event }: WatchAgentsResponse): void {
    switch (event.case) {
      case "snapshotBegan":
        this.life.driver.metrics.snapshots += 1;
        this.mirror.begin(event.value.epoch, isInitialLoad(this.life.driver.state) ? "shown" : "shadow");
        break;
      case "agentsChanged":
        this.takeChanges(event.value);
        break;
      case "mark":
        this.takeMark(event.value);
        break;
      default:
        this.life.driver.metrics.unknownPieces += 1;
    }
    this.tell();
  }

  cut(): void {
    this.mirror.cut();
  }

  dropData(): void {
    this.mirror.clear();
    this.tell();
  }

  encode(agent: Agent): Uint8Array {
    return codec.encodeInit?.(agent) ?? codec.encode(agent);
  }

  positionOf(cursor: Uint8Array): CursorPosition {
    return fromBinary(DirectoryCursorSchema, cursor);
  }

  restore({ cursor, entries }: StoredMirror): void {
    const { epoch } = this.positionOf(cursor);
    const known = entries.map(decodeEntry);
    this.mirror.restore(epoch, known);
    this.scope = "changes";
    this.tell();
  }

  changed(id: string, before: Agent | undefined, after: Agent | undefined): void {
    const { notes, scope } = this;
    notes.list = "changed";
    if (!this.single.isEmpty) notes.ids.add(id);
    this.sorted.change(before, after);
    this.followers.changed(before, after);
    if (scope === "changes") this.life.keeper?.changed(id, this.mirror.entries.get(id));
  }

  replaced(before: ReadonlyMap<string, KnownEntry<Agent>>): void {
    this.notes.list = "changed";
    this.notes.before ??= before;
    this.sorted.forget();
    this.followers.replaced();
    this.scope = "everything";
  }

  private takeChanges({ upserted, removedIds }: AgentsChanged): void {
    for (const { agent, revision } of upserted) {
      if (agent === undefined) this.life.driver.metrics.unknownPieces += 1;
      else this.mirror.upsert(agent.id, agent, Number(revision));
    }
    for (const id of removedIds) {
      this.mirror.remove(id);
      // Also one that was never shown here: another program may have saved it.
      if (this.scope === "changes" && !this.mirror.hasShadow) this.life.keeper?.changed(id, undefined);
    }
  }

  private takeMark({ cursor, digest }: DirectoryMark): void {
    const { driver } = this.life;
    if (cursor === undefined) {
      driver.metrics.unknownPieces += 1;
      return;
    }
    if (this.mirror.hasShadow) this.scope = "everything";
    this.mirror.finish();
    const isCopy = digest === undefined || this.mirror.agrees(digest);
    if (!isCopy && driver.diverged(cursor.epoch)) return;
    const bytes = toBinary(DirectoryCursorSchema, cursor);
    this.keep(bytes);
    // Before anybody is told, who may ask for another watch: this is no mark of that.
    driver.synced(bytes);
  }

  private keep(cursor: Uint8Array): void {
    const { keeper } = this.life;
    const isWhole = this.scope === "everything" || keeper?.needsAll === true;
    keeper?.mark(cursor, isWhole ? this.mirror.entries : undefined);
    this.scope = "changes";
  }

  /** Tells those who listen, once for all that has happened. */
  private tell(): void {
    const { notes } = this;
    if (notes.list === "same") return;
    const ids = [...notes.ids, ...this.replacedIds(notes)];
    notes.list = "same";
    notes.before = undefined;
    notes.ids.clear();
    this.all.notify();
    for (const id of ids) this.single.notify(id);
  }

  /** The ids that somebody listens to, and whose agent is another one than before everything was replaced. */
  private replacedIds({ before, ids }: Notes): string[] {
    if (before === undefined) return [];
    const isOther = (id: string): boolean => !ids.has(id) && before.get(id)?.value !== this.mirror.get(id);
    return [...this.single.ids].filter(isOther);
  }
}

function toWish(filter: MessageInitShape<typeof AgentFilterSchema>): {
  readonly filter: AgentFilter;
  readonly key: string;
} {
  const message = create(AgentFilterSchema, filter);
  return { filter: message, key: filterKeyOf(message) };
}

/** What changes an agent changes its times or its status nearly always: only where they are the same all of it is compared. */
function areSameAgents(a: Agent, b: Agent): boolean {
  if (a.status !== b.status || a.updatedAt?.seconds !== b.updatedAt?.seconds) return false;
  return a.updatedAt?.nanos === b.updatedAt?.nanos && areSameMessages(a, b);
}

function decodeEntry({ id, revision, bytes }: StoredEntry): { id: string; revision: number; value: Agent } {
  const value = codec.decode(bytes);
  if (value.id !== id) throw new Error("an agent has another id than it was stored under");
  if (!Number.isSafeInteger(revision)) throw new Error("an agent has no revision");
  return { id, revision, value };
}

function* valuesOf(entries: ReadonlyMap<string, KnownEntry<Agent>>): Generator<Agent, void> {
  for (const { value } of entries.values()) yield value;
}
