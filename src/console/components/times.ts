import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** How long ago something was, such as `3 minutes ago`. */
export function toAgo(timestamp: Timestamp | undefined, nowMs: number): string {
  if (timestamp === undefined) return "never";
  const passedMs = nowMs - timestampMs(timestamp);
  const [unit, unitMs] = UNITS.find(([, size]) => passedMs >= size) ?? [];
  return unit === undefined ? "just now" : relative.format(-Math.floor(passedMs / unitMs), unit);
}

/** The time of the day, with milliseconds where they are asked for. */
export function toClock(timestamp: Timestamp | undefined, isPrecise = false): string {
  if (timestamp === undefined) return "";
  const ms = timestampMs(timestamp);
  return `${clock.format(ms)}${isPrecise ? `.${String(ms % 1_000).padStart(3, "0")}` : ""}`;
}

/** Date and time. */
export function toFull(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? "" : full.format(timestampMs(timestamp));
}

/** How long something takes, such as `1:05` or `2:00:09`. */
export function toDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${String(m).padStart(h > 0 ? 2 : 1, "0")}:${String(s).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}
