import type { ReactNode } from "react";
import { type HostPage, toFragment } from "../address/route.ts";
import { HostProblem } from "../components/host-problem.tsx";
import { HostChip } from "../components/status.tsx";
import type { ConsoleHost } from "../model/console-model.ts";
import { useSource } from "../model/use-source.ts";
import { Page } from "./page.tsx";

const TABS: ReadonlyArray<readonly [HostPage, string]> = [
  ["host", "Overview"],
  ["agents", "Agents"],
  ["run", "Run"],
  ["log", "Log"],
];

interface HostFrameProps {
  readonly host: ConsoleHost;
  readonly page: HostPage;
  readonly children: ReactNode;
}

/** The frame of the pages about one host: where it is, what can be asked of it, and the way to the other pages. */
export function HostFrame({ host, page, children }: HostFrameProps) {
  const status = useSource(host.status);
  const { serverId, label, intents } = host;
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["daemon", status.program],
    ["path", status.path],
    ["generation", status.generation === 0 ? "" : `${status.generation}`],
    ["session", status.sessionRef],
  ];
  return (
    <Page
      title={label}
      crumbs={[{ label: "Hosts", href: "#/" }, { label }]}
      aside={
        <>
          <span role="status">
            <HostChip status={status} />
          </span>
          <span className="page-actions">
            <button type="button" onClick={intents.refresh}>
              Refresh
            </button>
            <button type="button" onClick={intents.retry} disabled={status.standing === "online"}>
              Retry now
            </button>
          </span>
        </>
      }
    >
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <nav className="tabs" aria-label="Pages of this host">
        {TABS.map(([name, text]) => (
          <a key={name} href={toFragment({ page: name, serverId })} aria-current={name === page ? "page" : undefined}>
            {text}
          </a>
        ))}
      </nav>
      {status.problem === undefined ? null : <HostProblem serverId={serverId} problem={status.problem} />}
      {children}
    </Page>
  );
}
