/** So many pages back where they were left is known. */
const MAX_ENTRIES = 64;

/**
 * Has a page that somebody goes to begin at its top, and one that they come back to be where they left it. The browser
 * cannot: it does so before the page is there.
 */
export function keepScroll(): void {
  const tops = new Map<number, number>();
  let last = readEntry() ?? 0;
  let here = last;
  history.scrollRestoration = "manual";
  history.replaceState(here, "");
  addEventListener("hashchange", () => {
    tops.set(here, scrollY);
    here = readEntry() ?? last + 1;
    if (here > last) tops.delete(here - MAX_ENTRIES);
    last = Math.max(last, here);
    history.replaceState(here, "");
    const top = tops.get(here) ?? 0;
    requestAnimationFrame(() => scrollTo(0, top));
  });
}

/** The number of an entry of the history that was here before; one in front has a higher one. */
function readEntry(): number | undefined {
  const state: unknown = history.state;
  return typeof state === "number" ? state : undefined;
}
