/** How many watch one thing at the same time. */
export const WATCHERS = 200;
