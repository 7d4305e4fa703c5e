import { type FormEvent, useCallback, useState } from "react";
import { Card } from "../components/card.tsx";
import { ProblemNote } from "../components/status.tsx";
import type { ConsoleHost } from "../model/console-model.ts";
import { splitCommand } from "../model/split-command.ts";
import { useAction } from "../model/use-action.ts";
import { useGoTo } from "../model/use-go-to.ts";

/** A form that runs a command as an agent. */
export function RunPage({ host }: { readonly host: ConsoleHost }) {
  const [command, setCommand] = useState("");
  const [title, setTitle] = useState("");
  const [workingDirectory, setWorkingDirectory] = useState("");
  const [closeInput, setCloseInput] = useState(true);
  const { serverId, intents } = host;
  const goTo = useGoTo();
  const start = useAction(
    useCallback(async () => {
      const argv = splitCommand(command);
      const form = { argv, title: title === "" ? command.trim().slice(0, 80) : title, workingDirectory, closeInput };
      const agentId = await intents.runCommand(form);
      goTo({ page: "agent", serverId, agentId });
    }, [command, title, workingDirectory, closeInput, intents, serverId, goTo]),
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void start.run();
  };
  return (
    <Card title="Run a command">
      <form className="form stacked" onSubmit={submit}>
        <label>
          Command
          <input
            className="mono"
            value={command}
            onChange={({ target }) => setCommand(target.value)}
            placeholder="make -j2 test"
            autoComplete="off"
            spellCheck={false}
            required
          />
        </label>
        <p className="muted small">
          Words are split as by a shell, quotes and backslashes count. For pipes and variables: <code>sh -c '…'</code>
        </p>
        <label>
          Title
          <input
            value={title}
            onChange={({ target }) => setTitle(target.value)}
            placeholder="the command"
            autoComplete="off"
          />
        </label>
        <label>
          Working directory
          <input
            className="mono"
            value={workingDirectory}
            onChange={({ target }) => setWorkingDirectory(target.value)}
            placeholder="where the daemon works"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={!closeInput} onChange={({ target }) => setCloseInput(!target.checked)} /> it
          takes prompts as its input
        </label>
        <button type="submit" className="primary" disabled={start.state.kind === "running"}>
          {start.state.kind === "running" ? "Starting…" : "Run"}
        </button>
      </form>
      {start.state.kind === "running" ? <progress className="progress" aria-label="Starting the command" /> : null}
      {start.state.kind === "failed" ? <ProblemNote problem={start.state.problem} /> : null}
    </Card>
  );
}
