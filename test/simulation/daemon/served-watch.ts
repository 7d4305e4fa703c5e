import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  WatchAgentsRequestSchema,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { Call, CallListener } from "../../../src/channel/call.ts";
import type { AgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { resolveAgentFilter } from "../../../src/daemon/directory/agent-filter.ts";
import { pieceToResponse, toCollectionCursor } from "../../../src/daemon/directory/watch-response.ts";
import type { CollectionWatch } from "../../../src/server/collection/collection-watch.ts";

/** A watch at the daemon: sends a piece whenever its call may send. */
export class ServedWatch implements CallListener {
  private readonly call: Call;
  private readonly collection: AgentCollection;
  private readonly onClosed: (watch: ServedWatch) => void;
  private watch: CollectionWatch<Agent> | undefined = undefined;

  /** Begins to serve, as soon as the call is shown. */
  constructor(call: Call, collection: AgentCollection, onClosed: (watch: ServedWatch) => void) {
    this.call = call;
    this.collection = collection;
    this.onClosed = onClosed;
    call.listener = this;
    this.readable();
  }

  /** How many entries wait. */
  countWaiting(): number {
    return this.watch?.countWaiting() ?? 0;
  }

  readable(): void {
    const message = this.watch === undefined ? this.call.read() : undefined;
    if (message === undefined) return;
    const { filter, cursor, diverged } = fromBinary(WatchAgentsRequestSchema, message);
    this.watch = this.collection.watch({
      filter: resolveAgentFilter(filter),
      cursor: cursor === undefined ? undefined : toCollectionCursor(cursor),
      diverged,
      onWake: () => this.writable(),
    });
    this.writable();
  }

  writable(): void {
    while (this.call.isWritable && !this.call.isClosed) {
      const piece = this.watch?.next();
      if (piece === undefined) return;
      this.call.send(toBinary(WatchAgentsResponseSchema, pieceToResponse(piece)));
    }
  }

  headers(): void {}

  closed(): void {
    this.watch?.stop();
    this.onClosed(this);
  }
}
