import type { Truth } from "../daemon/truth.ts";
import type { Tab } from "./tab.ts";

/** Why the mirror of a tab does not show what is true, if so. */
export function findMirrorDifference({ runtime, timelines }: Tab, truth: Truth): string | undefined {
  const { sync, agents } = runtime.agents;
  const phase = sync.getSnapshot().state.case;
  if (phase !== "ready") return `its mirror is ${phase}`;
  const expected = [...truth.facts.values()].flatMap(({ agent }) => (agent === undefined ? [] : [agent]));
  const shown = agents.getSnapshot();
  if (shown.length !== expected.length) return `its mirror shows ${shown.length} of ${expected.length}`;
  const titles = new Map(shown.map(({ id, title }) => [id, title]));
  const wrong = expected.find(({ id, title }) => titles.get(id) !== title);
  return wrong === undefined ? timelines?.findDifference() : `its mirror shows ${wrong.id} wrong`;
}
