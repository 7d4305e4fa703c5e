import { MoorlineError } from "../../wire/moorline-error.ts";
import type { AgentTimelineOptions, OwnedAgentTimeline } from "./agent-timeline.ts";
import type { MirrorHost } from "./mirror-host.ts";
import { TimelineMirror } from "./timeline-mirror.ts";

const MAX_PAGE_SIZE = 1_000;

/**
 * Makes a timeline, stopped and empty. @param host What it needs. @param agentId Whose. Spec: MIRROR-1.
 * @throws MoorlineError OPTION_INVALID where an option is out of its range, or the id is no text.
 */
export function createAgentTimeline(
  host: MirrorHost,
  agentId: string,
  options: AgentTimelineOptions = {},
): OwnedAgentTimeline {
  if (typeof agentId !== "string") {
    throw new MoorlineError("OPTION_INVALID", "The agent of a timeline is no text.", {
      action: "Give the id of an agent.",
    });
  }
  const { pageSize = 100, maxItems = 10_000 } = options;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new MoorlineError("OPTION_INVALID", `The option pageSize is ${pageSize}, and must be 1 to ${MAX_PAGE_SIZE}.`);
  }
  if (!Number.isInteger(maxItems) || maxItems < pageSize) {
    throw new MoorlineError("OPTION_INVALID", `The option maxItems is ${maxItems}, and must be ${pageSize} or more.`);
  }
  return new TimelineMirror(host, agentId, { pageSize, maxItems });
}
