/** What React Native has. */
const REACT_NATIVE = [
  "AbortController",
  "AbortSignal",
  "Headers",
  "Promise",
  "Request",
  "Response",
  "TextEncoder",
  "URL",
];
const TIMERS_AND_LIKE = [
  "clearTimeout",
  "console",
  "fetch",
  "performance",
  "queueMicrotask",
  "setTimeout",
  "WebSocket",
];

/** What an app has to bring where its React Native does not: random bytes for keys, and the decoder of protobuf's strings. */
const FROM_THE_APP = ["crypto", "TextDecoder"];

/** What only code asks for that Moorline never calls: Connect's handlers over `fetch`, which Metro does not leave out. */
const NEVER_REACHED = ["ReadableStream"];

/** What belongs to the bundle itself: Metro's module table and its measurements. */
const OF_METRO = ["__d", "__r", "nativePerformanceNow"];

const KNOWN: ReadonlySet<string> = new Set([
  ...REACT_NATIVE,
  ...TIMERS_AND_LIKE,
  ...FROM_THE_APP,
  ...NEVER_REACHED,
  ...OF_METRO,
]);

/** Which of the globals that a bundle asks for are not known: one of Node, or of browsers, shows up here and not in an app. */
export function findUnknown(globals: readonly string[]): string[] {
  return globals.filter((name) => !KNOWN.has(name));
}
