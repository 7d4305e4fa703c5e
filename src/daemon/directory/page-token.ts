import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type DirectoryCursor, DirectoryCursorSchema } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CursorRefusal, CursorRefusedSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import type { CollectionCursor } from "../../server/collection/piece.ts";
import { toCollectionCursor, toDirectoryCursor } from "./watch-response.ts";

/** Nothing that a daemon has given is longer. */
const MAX_TOKEN_CHARACTERS = 256;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** What the page behind an agent is asked for with: where it ends, as a cursor. */
export function createPageToken(cursor: CollectionCursor): string {
  return Buffer.from(toBinary(DirectoryCursorSchema, toDirectoryCursor(cursor))).toString("base64url");
}

/**
 * The revision below which a page begins.
 * @param token What the client gave. @param end The collection and the filter, and the revision of the last change.
 * @throws ConnectError INVALID_ARGUMENT with CursorRefused. Spec: DIR-20.
 */
export function readPageToken(token: string, end: CollectionCursor): number {
  const cursor = decode(token);
  if (cursor.epoch !== end.epoch) throw refuse(CursorRefusal.EXPIRED, "it is of a process that has ended");
  if (cursor.filterHash !== end.filterHash) throw refuse(CursorRefusal.FOREIGN, "it is of another filter");
  if (cursor.revision > end.revision) throw refuse(CursorRefusal.AHEAD, "it is ahead of everything");
  return cursor.revision;
}

function decode(token: string): CollectionCursor {
  if (token.length > MAX_TOKEN_CHARACTERS || !BASE64URL.test(token)) throw refuseMalformed();
  const cursor = toCollectionCursor(parse(token));
  if (cursor.epoch === "" || cursor.filterHash === "" || cursor.revision === 0) throw refuseMalformed();
  return cursor;
}

function parse(token: string): DirectoryCursor {
  try {
    return fromBinary(DirectoryCursorSchema, Buffer.from(token, "base64url"));
  } catch {
    throw refuseMalformed();
  }
}

function refuseMalformed(): ConnectError {
  return refuse(CursorRefusal.MALFORMED, "it is none that this daemon has given");
}

function refuse(reason: CursorRefusal, why: string): ConnectError {
  const detail = { desc: CursorRefusedSchema, value: { reason } };
  return new ConnectError(`the page token cannot be used: ${why}`, Code.InvalidArgument, undefined, [detail]);
}
