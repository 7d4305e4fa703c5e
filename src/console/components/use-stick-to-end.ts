import { type RefObject, useCallback, useLayoutEffect, useRef } from "react";

const NEAR_PX = 48;

/** Keeps an element that scrolls at its end while `content` grows, unless somebody has scrolled up. */
export function useStickToEnd<Element extends HTMLElement>(
  content: unknown,
): { readonly ref: RefObject<Element | null>; readonly onScroll: () => void } {
  const ref = useRef<Element>(null);
  const isAtEnd = useRef(true);
  const onScroll = useCallback(() => {
    const element = ref.current;
    if (element === null) return;
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has grown is what it is about.
  useLayoutEffect(() => {
    if (isAtEnd.current && ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight;
  }, [content]);
  return { ref, onScroll };
}
