import { create } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type DirectoryCursor,
  DirectoryCursorSchema,
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

function pieceToEvent(piece: Piece<Agent>) {
  switch (piece.kind) {
    case "snapshotBegan": {
      const { epoch, total, cause } = piece;
      return { case: "snapshotBegan", value: { epoch, total: BigInt(total), reason: REASONS[cause] } } as const;
    }
    case "changed": {
      const upserted = piece.upserted.map(({ value, revision }) => ({ agent: value, revision: BigInt(revision) }));
      return { case: "agentsChanged", value: { upserted, removedIds: [...piece.removedIds] } } as const;
    }
    case "mark": {
      const cursor = toDirectoryCursor(piece.cursor);
      const { digest } = piece;
      return { case: "mark", value: digest === undefined ? { cursor } : { cursor, digest } } as const;
    }
  }
}
