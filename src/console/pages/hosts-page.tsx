import { type FormEvent, useCallback, useState } from "react";
import { parseHostAddress } from "../address/host-address.ts";
import { toFragment } from "../address/route.ts";
import { Card } from "../components/card.tsx";
import { HostProblem } from "../components/host-problem.tsx";
import { HostChip, ProblemNote } from "../components/status.tsx";
import type { ConsoleHost } from "../model/console-model.ts";
import { toCounted } from "../model/names.ts";
import { useAction } from "../model/use-action.ts";
import { useGoTo } from "../model/use-go-to.ts";
import { useModel, useSource } from "../model/use-source.ts";
import { Page } from "./page.tsx";

/** Every host, and a form to add one. */
export function HostsPage() {
  const { hosts } = useModel();
  const known = useSource(hosts);
  return (
    <Page title="Hosts" crumbs={[{ label: "Hosts" }]}>
      {known.length === 0 ? (
        <p className="muted empty">There is no host yet. Add a daemon by its address.</p>
      ) : (
        <ul className="hosts">
          {known.map((host) => (
            <HostRow key={host.serverId} host={host} />
          ))}
        </ul>
      )}
      <AddHost />
    </Page>
  );
}

function HostRow({ host }: { readonly host: ConsoleHost }) {
  const { serverId, label } = host;
  const status = useSource(host.status);
  const agents = useSource(host.agentCount);
  const { forgetHost } = useModel();
  const [isAsking, setAsking] = useState(false);
  const forget = useAction(useCallback(() => forgetHost(serverId), [forgetHost, serverId]));
  return (
    <li className="host-row card">
      <a href={toFragment({ page: "host", serverId })} className="host-link">
        <span className="host-name">{label}</span>
        <HostChip status={status} />
        <span className="muted small">
          {[status.program, status.path, toCounted(agents, "agent")].filter(Boolean).join(" · ")}
        </span>
        <code className="muted small id">{serverId}</code>
      </a>
      <span className="row-actions">
        {isAsking ? (
          <>
            {/* The first, so that the focus is on it when somebody is asked, and back on Forget when it is kept. */}
            <button type="button" onClick={() => setAsking(false)}>
              Keep it
            </button>
            <button type="button" className="danger" onClick={() => void forget.run()}>
              Forget {label}
            </button>
          </>
        ) : (
          <button type="button" className="quiet end" onClick={() => setAsking(true)} aria-label={`Forget ${label}`}>
            Forget
          </button>
        )}
      </span>
      {status.problem === undefined ? null : <HostProblem serverId={serverId} problem={status.problem} />}
    </li>
  );
}

function AddHost() {
  const { addHost } = useModel();
  const goTo = useGoTo();
  const [address, setAddress] = useState("");
  const [token, setToken] = useState("");
  const add = useAction(
    useCallback(async () => {
      const parsed = parseHostAddress(address);
      const given = token.trim() === "" ? parsed.token : token.trim();
      const serverId = await addHost(parsed.server, given);
      goTo({ page: "host", serverId });
    }, [address, token, addHost, goTo]),
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void add.run();
  };
  return (
    <Card title="Add a host">
      <form className="form" onSubmit={submit}>
        <label>
          Address
          <input
            value={address}
            onChange={({ target }) => setAddress(target.value)}
            placeholder="127.0.0.1:7420 or wss://daemon"
            autoComplete="off"
            spellCheck={false}
            required
          />
        </label>
        <label>
          Token
          <input
            type="password"
            value={token}
            onChange={({ target }) => setToken(target.value)}
            placeholder="where the daemon wants one"
            autoComplete="off"
          />
        </label>
        <button type="submit" className="primary" disabled={add.state.kind === "running"}>
          {add.state.kind === "running" ? "Asking who it is…" : "Add"}
        </button>
      </form>
      <p className="muted small">
        The token stays in this tab. The daemon has to allow this page: <code>--allow-origin {location.origin}</code>
      </p>
      {add.state.kind === "failed" ? <ProblemNote problem={add.state.problem} /> : null}
    </Card>
  );
}
