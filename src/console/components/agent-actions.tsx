import { type FormEvent, useCallback, useState } from "react";
import { type Agent, AgentStatus, type PendingPermission } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { HostIntents } from "../model/console-model.ts";
import { useAction } from "../model/use-action.ts";
import { ProblemNote } from "./status.tsx";

interface AgentActionsProps {
  readonly agent: Agent;
  readonly intents: HostIntents;
}

const BUSY: ReadonlySet<number> = new Set([
  AgentStatus.STARTING,
  AgentStatus.RUNNING,
  AgentStatus.WAITING_FOR_PERMISSION,
]);

/** What can be done with an agent as a whole. */
export function AgentButtons({ agent, intents }: AgentActionsProps) {
  const cancel = useAction(useCallback(() => intents.cancelTurn(agent.id), [intents, agent.id]));
  const archive = useAction(useCallback(() => intents.archive(agent.id), [intents, agent.id]));
  const failed = [cancel, archive].flatMap(({ state }) => (state.kind === "failed" ? [state.problem] : []));
  return (
    <span className="page-actions">
      <button
        type="button"
        disabled={!BUSY.has(agent.status) || cancel.state.kind === "running"}
        onClick={() => void cancel.run()}
      >
        Cancel
      </button>
      <button
        type="button"
        disabled={agent.archivedAt !== undefined || archive.state.kind === "running"}
        onClick={() => void archive.run()}
      >
        {agent.archivedAt === undefined ? "Archive" : "Archived"}
      </button>
      {failed.map((problem) => (
        <ProblemNote key={problem.code} problem={problem} />
      ))}
    </span>
  );
}

/** A form for a prompt: a line of input of a command, or a message. */
export function PromptForm({ agent, intents }: AgentActionsProps) {
  const [text, setText] = useState("");
  const send = useAction(
    useCallback(async () => {
      await intents.sendPrompt(agent.id, text);
      setText("");
    }, [intents, agent.id, text]),
  );
  const isOver = agent.status === AgentStatus.ENDED || agent.archivedAt !== undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void send.run();
  };
  return (
    <>
      <form className="prompt" onSubmit={submit}>
        <input
          value={text}
          onChange={({ target }) => setText(target.value)}
          aria-label="Prompt"
          placeholder={isOver ? "this agent has ended" : "a prompt, or a line of input"}
          autoComplete="off"
          disabled={isOver}
          required
        />
        <button type="submit" className="primary" disabled={isOver || send.state.kind === "running"}>
          {send.state.kind === "running" ? "Sending…" : "Send"}
        </button>
      </form>
      {send.state.kind === "failed" ? <ProblemNote problem={send.state.problem} /> : null}
    </>
  );
}

/** What an agent asks for before it goes on. */
export function Permissions({ agent, intents }: AgentActionsProps) {
  return agent.pendingPermissions.map((permission) => (
    <Permission key={permission.id} {...{ agent, intents, permission }} />
  ));
}

function Permission({ agent, intents, permission }: AgentActionsProps & { readonly permission: PendingPermission }) {
  const { id, title, subject, options } = permission;
  const resolve = useAction(
    useCallback((optionId: string) => intents.resolvePermission(agent.id, id, optionId), [intents, agent.id, id]),
  );
  return (
    <section className="permission" aria-label={`Permission: ${title}`}>
      <p>{title}</p>
      {subject.case === "command" ? <code>{subject.value.argv.join(" ")}</code> : null}
      {subject.case === "tool" ? <code>{subject.value.tool}</code> : null}
      <span className="page-actions">
        {options.map((option) => (
          <button
            key={option.id}
            type="button"
            disabled={resolve.state.kind === "running"}
            onClick={() => void resolve.run(option.id)}
          >
            {option.label}
          </button>
        ))}
      </span>
      {resolve.state.kind === "failed" ? <ProblemNote problem={resolve.state.problem} /> : null}
    </section>
  );
}
