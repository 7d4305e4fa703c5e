import { Broken } from "../world.ts";
import type { Follower } from "./follower.ts";
import type { Fact, Truth } from "./truth.ts";

/**
 * Looks at what a follower shows at a mark. What has not changed since the mark's revision is shown exactly as it is.
 * @param wholeFrom Where the mark ends a snapshot: a revision at which it had not begun, else 0.
 */
export function judgeMark({ mirror, filter }: Follower, truth: Truth, wholeFrom: number): void {
  if (mirror.revision > truth.revision) throw new Broken(`a cursor is ahead: ${mirror.revision} of ${truth.revision}`);
  for (const [id, { agent, revision, liveSince }] of truth.facts) {
    const matches = agent !== undefined && filter.matches(agent);
    const shown = mirror.shown.get(id)?.revision;
    if (revision <= mirror.revision && shown !== (matches ? revision : undefined)) {
      throw new Broken(`at the mark ${mirror.revision}, ${id} is shown at ${shown}, and changed at ${revision}`);
    }
    const isInSnapshot = revision <= wholeFrom || (filter.init.statuses === undefined && liveSince <= wholeFrom);
    if (matches && isInSnapshot && shown === undefined) throw new Broken(`${id} is missing after a snapshot`);
  }
}

/** Why a follower does not show what is true, if so. */
export function findDifference({ mirror, filter }: Follower, truth: Truth): string | undefined {
  if (mirror.isRefreshing) return "a snapshot is under way";
  if (mirror.revision !== truth.revision) return `the cursor is ${mirror.revision} of ${truth.revision}`;
  const expected = [...truth.facts].filter(([, { agent }]) => agent !== undefined && filter.matches(agent));
  if (mirror.shown.size !== expected.length) return `${mirror.shown.size} are shown of ${expected.length}`;
  const wrong = expected.find(([id, fact]) => !isShown(mirror.shown.get(id), fact));
  return wrong === undefined ? undefined : `${wrong[0]} is wrong`;
}

function isShown(
  shown: { readonly value: { readonly title: string }; readonly revision: number } | undefined,
  fact: Fact,
) {
  return shown?.revision === fact.revision && shown.value.title === fact.agent?.title;
}
