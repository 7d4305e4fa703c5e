import type { JsonEntry } from "../directory/json-agent.ts";

let revision = 0;

/** An item that was appended to a timeline, as a JSON message. Its text stands in `title`, as that of an agent does. */
export function toJsonItem(text: string) {
  revision += 1;
  return { type: "itemAppended", seq: revision, revision, createdAt: new Date().toISOString(), stream: 1, title: text };
}

/** An agent that has changed, as a JSON message. */
export function toJsonChange(agent: JsonEntry["agent"], title: string) {
  revision += 1;
  return { type: "changed", revision, agent, title };
}
