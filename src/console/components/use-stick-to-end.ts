import { type RefCallback, useCallback, useLayoutEffect, useRef } from "react";

const NEAR_PX = 48;

/** Keeps an element that scrolls at its end, from the moment when it is there and while `content` grows, unless somebody has scrolled up. */
export function useStickToEnd<Element extends HTMLElement>(
  content: unknown,
): { readonly ref: RefCallback<Element>; readonly onScroll: () => void } {
  const element = useRef<Element>(null);
  const isAtEnd = useRef(true);
  const stick = useCallback(() => {
    if (isAtEnd.current && element.current !== null) element.current.scrollTop = element.current.scrollHeight;
  }, []);
  // It may be there later than its content, as behind an overlay.
  const ref = useCallback(
    (present: Element | null) => {
      element.current = present;
      stick();
    },
    [stick],
  );
  const onScroll = useCallback(() => {
    const present = element.current;
    if (present === null) return;
    isAtEnd.current = present.scrollHeight - present.scrollTop - present.clientHeight < NEAR_PX;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has grown is what it is about.
  useLayoutEffect(stick, [content]);
  return { ref, onScroll };
}
