import { MoorlineProvider, useAgent, useAgentIds } from "moorline/react";
import type { HostRuntime } from "moorline/runtime";
import { createElement, memo, type ReactElement, type ReactNode, useEffect, useLayoutEffect, useState } from "react";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";

/** Hears what becomes of a view. */
export interface ViewListener {
  /** A component was rendered. */
  rendered(): void;
  /** A row shows another title, committed. */
  shown(title: string): void;
}

/** Views of the agents of a host, with a row for each, memoised. */
export interface Views {
  /** Rows of these agents, without a list of all ids. */
  rows(ids: readonly string[]): ReactElement;
  /** The rows that stand first in the list of all ids. */
  first(count: number): ReactElement;
  /** The same rows, of a list that asks for their ids only, as one that scrolls does. */
  range(count: number): ReactElement;
  /** Those that stand last in it. */
  last(count: number): ReactElement;
  /** All agents, with our hooks. */
  all(): ReactElement;
  /** All agents, in one array of `useState`. */
  allInState(): ReactElement;
}

/** Makes views. @param listener Hears of all of them. */
export function createViews(host: HostRuntime, listener: ViewListener): Views {
  const { Row, AgentRow } = createRows(listener);
  const toRows = (ids: readonly string[]): ReactNode => ids.map((id) => createElement(Row, { key: id, id }));

  function Rows({ ids }: { readonly ids: readonly string[] }): ReactNode {
    listener.rendered();
    return toRows(ids);
  }

  function List({ start, end }: { readonly start: number; readonly end?: number }): ReactNode {
    listener.rendered();
    return toRows(useAgentIds().slice(start, end));
  }

  function Range({ end }: { readonly end: number }): ReactNode {
    listener.rendered();
    return toRows(useAgentIds(undefined, { range: { start: 0, end } }));
  }

  function StateList(): ReactNode {
    listener.rendered();
    const { agents } = host.agents;
    const [list, setList] = useState(agents.getSnapshot);
    useEffect(() => agents.subscribe(() => setList(agents.getSnapshot())), [agents]);
    return list.map((agent) => createElement(AgentRow, { key: agent.id, agent }));
  }

  const provide = (view: ReactElement): ReactElement => createElement(MoorlineProvider, { host }, view);
  return {
    rows: (ids) => provide(createElement(Rows, { ids })),
    first: (count) => provide(createElement(List, { start: 0, end: count })),
    range: (count) => provide(createElement(Range, { end: count })),
    last: (count) => provide(createElement(List, { start: -count })),
    all: () => provide(createElement(List, { start: 0 })),
    allInState: () => createElement(StateList),
  };
}

/** A row that reads its agent, and one that is given it. Both show the same. */
function createRows({ rendered, shown }: ViewListener) {
  const useShown = (title: string): ReactElement => {
    rendered();
    useLayoutEffect(() => shown(title), [title]);
    return createElement("li", null, title);
  };
  return {
    Row: memo(({ id }: { readonly id: string }): ReactNode => useShown(useAgent(id)?.title ?? "")),
    AgentRow: memo(({ agent }: { readonly agent: Agent }): ReactNode => useShown(agent.title)),
  };
}
