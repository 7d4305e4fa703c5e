import { type ReactNode, useRef, useSyncExternalStore } from "react";

/** Rows come and go by so many, and so many more than are in view are there on both sides: the next Tab finds one. */
const STEP = 16;

interface LongListProps {
  readonly className: string;
  /** What tells the rows apart, in their order. */
  readonly ids: readonly string[];
  /** The height of each row, in pixels. */
  readonly rowPx: number;
  readonly children: (id: string) => ReactNode;
}

/** A list that the window scrolls, however long: only the rows in view, and a few around them, are there. */
export function LongList({ className, ids, rowPx, children }: LongListProps) {
  const list = useRef<HTMLUListElement>(null);
  /** Which row would be at a place, in pixels from the top of the window, in whole steps. */
  const rowAt = (px: number, round: (steps: number) => number): number => {
    const top = list.current?.getBoundingClientRect().top ?? 0;
    return Math.min(ids.length, Math.max(0, STEP * round((px - top) / rowPx / STEP)));
  };
  const first = useSyncExternalStore(subscribeToView, () => rowAt(-STEP * rowPx, Math.floor));
  const end = useSyncExternalStore(subscribeToView, () => rowAt(innerHeight + STEP * rowPx, Math.ceil));
  const paddingBlock = `${first * rowPx}px ${(ids.length - end) * rowPx}px`;
  return (
    <ul ref={list} className={className} style={{ paddingBlock }}>
      {ids.slice(first, end).map((id, index) => (
        <li key={id} style={{ height: rowPx }} aria-setsize={ids.length} aria-posinset={first + index + 1}>
          {children(id)}
        </li>
      ))}
    </ul>
  );
}

function subscribeToView(listener: () => void): () => void {
  for (const event of ["scroll", "resize"]) addEventListener(event, listener, { passive: true });
  return () => {
    for (const event of ["scroll", "resize"]) removeEventListener(event, listener);
  };
}
