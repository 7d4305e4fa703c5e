import { create } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentsChangedSchema,
  type DirectoryCursor,
  DirectoryCursorSchema,
  DirectoryMarkSchema,
  DirectorySnapshotBeganSchema,
  SnapshotReason,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { CollectionCursor, Piece, SnapshotCause } from "../../server/collection/piece.ts";

const REASONS: Readonly<Record<SnapshotCause, SnapshotReason>> = {
  first: SnapshotReason.FIRST,
  epochChanged: SnapshotReason.EPOCH_CHANGED,
  filterChanged: SnapshotReason.FILTER_CHANGED,
  cursorExpired: SnapshotReason.CURSOR_EXPIRED,
  diverged: SnapshotReason.DIVERGED,
};

/** A piece of a watch as it goes over the wire. */
export function pieceToResponse(piece: Piece<Agent>): WatchAgentsResponse {
  return create(WatchAgentsResponseSchema, { event: pieceToEvent(piece) });
}

/** A cursor as a collection takes it. A revision that is no safe integer stays none. */
export function toCollectionCursor({ epoch, filterHash, revision }: DirectoryCursor): CollectionCursor {
  return { epoch, filterHash, revision: Number(revision) };
}

/** A cursor as it goes over the wire. */
export function toDirectoryCursor({ epoch, filterHash, revision }: CollectionCursor): DirectoryCursor {
  return create(DirectoryCursorSchema, { epoch, filterHash, revision: BigInt(revision) });
}

function pieceToEvent(piece: Piece<Agent>): WatchAgentsResponse["event"] {
  switch (piece.kind) {
    case "snapshotBegan": {
      const { epoch, total, cause } = piece;
      const reason = REASONS[cause];
      return {
        case: "snapshotBegan",
        value: create(DirectorySnapshotBeganSchema, { epoch, total: BigInt(total), reason }),
      };
    }
    case "changed": {
      const upserted = piece.upserted.map(({ value, revision }) => ({ agent: value, revision: BigInt(revision) }));
      const removedIds = [...piece.removedIds];
      return { case: "agentsChanged", value: create(AgentsChangedSchema, { upserted, removedIds }) };
    }
    case "mark": {
      const cursor = toDirectoryCursor(piece.cursor);
      const { digest } = piece;
      const mark = digest === undefined ? { cursor } : { cursor, digest };
      return { case: "mark", value: create(DirectoryMarkSchema, mark) };
    }
  }
}
