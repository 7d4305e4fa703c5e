/** What runs because something is shown. */
const EFFECT = /\buse\w*Effect\b/g;
/** What starts, stops or repairs a connection, as far as its name says. */
const LIFECYCLE = /\.\s*(start|stop|retry|refresh|connect|disconnect|dispose|ensure\w+|run\w*Probe\w*)\s*\(/g;

/** The effects of a source text of hooks or components, and the calls in it that start, stop or repair a connection. */
export function findLifecycleCalls(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  return [...(code.match(EFFECT) ?? []), ...[...code.matchAll(LIFECYCLE)].map(([, name = ""]) => name)];
}
