import { useMemo, useState } from "react";
import type { TimelineView } from "../model/console-model.ts";
import { groupTimeline, lastItems } from "../model/group-timeline.ts";
import { ProblemNote } from "./status.tsx";
import { Synced } from "./synced.tsx";
import { Block } from "./timeline-blocks.tsx";
import { useStickToEnd } from "./use-stick-to-end.ts";

/** Items that are shown first, and more each time that somebody asks: what scrolls by has to stay quick. */
const SHOWN_ITEMS = 2_000;

interface TimelineProps {
  readonly view: TimelineView;
  readonly onRetry: () => void;
  readonly onEarlier: () => void;
}

/** The timeline of an agent, at its end. */
export function Timeline({ view, onRetry, onEarlier }: TimelineProps) {
  const { items, hasEarlier, earlier } = view;
  const [limit, setLimit] = useState(SHOWN_ITEMS);
  const blocks = useMemo(() => groupTimeline(lastItems(items, limit)), [items, limit]);
  const { ref, onScroll } = useStickToEnd<HTMLElement>(blocks);
  const isCut = items.length > limit;
  const showEarlier = (): void => {
    setLimit(limit + SHOWN_ITEMS);
    if (!isCut) onEarlier();
  };
  return (
    <Synced view={view} onRetry={onRetry}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard. */}
      <section ref={ref} className="timeline" onScroll={onScroll} tabIndex={0} aria-label="Timeline">
        {isCut || hasEarlier ? (
          <button type="button" className="quiet" onClick={showEarlier} disabled={earlier === "loading"}>
            {earlier === "loading" ? "Loading what was before…" : "Load what was before"}
          </button>
        ) : null}
        {typeof earlier === "object" ? <ProblemNote problem={earlier.problem} /> : null}
        {blocks.map((block) => (
          <Block key={block.key} block={block} />
        ))}
        {blocks.length === 0 ? <p className="muted empty">Nothing was written yet.</p> : null}
      </section>
    </Synced>
  );
}
