import type { HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";

/** The number that an event brings back: of a request or a connection. Undefined: it answers nothing. */
export function numberOf({ value }: HostEvent["event"]): number | undefined {
  if (value === undefined) return undefined;
  if ("request" in value) return value.request;
  return "connection" in value ? value.connection : undefined;
}

/** When the timer of an event was due. Undefined: it is of no timer. */
export function dueOf({ value }: HostEvent["event"]): number | undefined {
  return value !== undefined && "dueAtMs" in value ? value.dueAtMs : undefined;
}

/** Every number that a state names, wherever in it that is: answers to others are of an older generation. */
export function liveNumbers({ state }: HostState): ReadonlySet<number> {
  const numbers = new Set<number>();
  collect(state.value, numbers);
  return numbers;
}

function collect(value: unknown, numbers: Set<number>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (name === "memory") continue;
    if ((name === "connection" || name === "request") && typeof part === "number") numbers.add(part);
    else collect(part, numbers);
  }
}
