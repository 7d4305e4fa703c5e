import { memo } from "react";
import { PermissionDecisionSchema, PermissionResolverSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  OutputStream,
  type TimelineItem,
  TodoStatusSchema,
  ToolCallStatusSchema,
} from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { TimelineBlock } from "../model/group-timeline.ts";
import { nameOf } from "../model/names.ts";
import { toClock } from "./times.ts";

/** A part of a timeline. */
export function Block({ block }: { readonly block: TimelineBlock }) {
  return block.kind === "item" ? <Item item={block.item} /> : <Output block={block} />;
}

const Output = memo(function Output({ block }: { readonly block: Extract<TimelineBlock, { kind: "output" }> }) {
  return (
    <pre
      className={block.isContinued ? "output continued" : "output"}
      data-stream={block.stream === OutputStream.STDERR ? "stderr" : "stdout"}
      style={{ containIntrinsicBlockSize: `auto ${block.lines}lh` }}
    >
      {block.text}
    </pre>
  );
});

const Item = memo(function Item({ item }: { readonly item: TimelineItem }) {
  return (
    <article className="item" data-kind={item.content.case}>
      <time className="muted small">{toClock(item.createdAt)}</time>
      <Content item={item} />
    </article>
  );
});

function Content({ item: { content } }: { readonly item: TimelineItem }) {
  switch (content.case) {
    case "userMessage":
      return (
        <>
          <p className="who">prompt {content.value.sessionRef}</p>
          <p className="text">{content.value.text}</p>
        </>
      );
    case "assistantMessage":
      return <p className="text">{content.value.text}</p>;
    case "reasoning":
      return (
        <details>
          <summary className="muted">reasoning</summary>
          <p className="text muted">{content.value.text}</p>
        </details>
      );
    case "toolCall":
      return (
        <details>
          <summary>
            <code>{content.value.tool}</code>{" "}
            <span className="tag">{nameOf(ToolCallStatusSchema, content.value.status)}</span>
          </summary>
          <pre>{content.value.inputJson}</pre>
          <pre>{content.value.output}</pre>
        </details>
      );
    case "todoList":
      return (
        <ul className="todo">
          {content.value.entries.map(({ text, status }) => (
            <li key={text}>
              <span className="tag">{nameOf(TodoStatusSchema, status)}</span> {text}
            </li>
          ))}
        </ul>
      );
    case "error":
      return <p className="text bad">{content.value.message}</p>;
    case "compaction":
      return <p className="text muted">{content.value.summary}</p>;
    case "permissionResolution": {
      const { decision, resolvedBy } = content.value;
      return (
        <p className="text">
          {nameOf(PermissionDecisionSchema, decision)}, by {nameOf(PermissionResolverSchema, resolvedBy)}
        </p>
      );
    }
    case "processExit": {
      const { cause } = content.value;
      const isWell = cause.case === "code" && cause.value === 0;
      return (
        <p className={isWell ? "text good" : "text bad"}>
          {cause.case === "signal" ? `ended by ${cause.value}` : `exit code ${cause.value ?? "unknown"}`}
        </p>
      );
    }
    default:
      return <p className="text muted">something of a newer version</p>;
  }
}
