import { MoorlineError } from "../../wire/moorline-error.ts";
import type { LogHead, PagePosition, ReadLimit, TimelineBackend } from "./timeline-backend.ts";
import type { PageRequest, StoredItem, TimelinePage } from "./timeline-store.ts";

const DEFAULT_ROWS = 100;
const MAX_ROWS = 1000;
const MAX_BYTES = 256 * 1024;

/** Reads a page of a log. @throws MoorlineError OPTION_INVALID, or what the backend says. Spec: TIMELINE-5. */
export function readPage(backend: TimelineBackend, head: LogHead, request: PageRequest): TimelinePage {
  const position = positionOf(request, head);
  const items = backend.page(head.id, position, limitOf(request));
  if (position.direction === "backward") items.reverse();
  const { epoch, revision } = head;
  return { items, cursor: { epoch, revision }, ...neighbours(items, position, head) };
}

function positionOf({ afterSeq, beforeSeq }: PageRequest, head: LogHead): PagePosition {
  assertCount("afterSeq", afterSeq);
  assertCount("beforeSeq", beforeSeq);
  if (afterSeq === undefined) return { direction: "backward", beforeSeq: beforeSeq ?? head.lastSeq + 1 };
  if (beforeSeq === undefined) return { direction: "forward", afterSeq };
  throw new MoorlineError("OPTION_INVALID", "A page has either afterSeq or beforeSeq, and not both.");
}

function limitOf({ maxRows, maxBytes = MAX_BYTES }: PageRequest): ReadLimit {
  assertCount("maxRows", maxRows);
  assertCount("maxBytes", maxBytes);
  return { maxRows: Math.min(maxRows || DEFAULT_ROWS, MAX_ROWS), maxBytes: Math.min(maxBytes, MAX_BYTES) };
}

function assertCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw new MoorlineError("OPTION_INVALID", `${name} is ${value}, and must be a whole number from 0 on.`);
}

/** Every seq from 1 to the last one is there. */
function neighbours(items: readonly StoredItem[], position: PagePosition, { lastSeq }: LogHead) {
  const forward = position.direction === "forward";
  const before = items[0]?.seq ?? (forward ? Math.min(position.afterSeq, lastSeq) + 1 : 1);
  const after = items.at(-1)?.seq ?? (forward ? lastSeq : 0);
  return { hasEarlier: before > 1, hasLater: after < lastSeq };
}
