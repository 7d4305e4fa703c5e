import { Component, type ReactNode, useSyncExternalStore } from "react";
import { parseRoute, type Route } from "./address/route.ts";
import { ProblemNote } from "./components/status.tsx";
import type { ConsoleModel } from "./model/console-model.ts";
import { toProblem } from "./model/to-problem.ts";
import { ModelContext, useModel, useSource } from "./model/use-source.ts";
import { AgentPage } from "./pages/agent-page.tsx";
import { AgentsPage } from "./pages/agents-page.tsx";
import { HostFrame } from "./pages/host-frame.tsx";
import { HostsPage } from "./pages/hosts-page.tsx";
import { LogPage } from "./pages/log-page.tsx";
import { OverviewPage } from "./pages/overview-page.tsx";
import { Page } from "./pages/page.tsx";
import { RunPage } from "./pages/run-page.tsx";

interface AppProps {
  readonly model: ConsoleModel;
  /** Why the page was not started as it should have been. Undefined: it was. */
  readonly problem?: unknown;
}

/** The console. */
export function App({ model, problem }: AppProps) {
  return (
    <Boundary>
      <ModelContext value={model}>
        {problem === undefined ? null : <ProblemNote problem={toProblem(problem)} />}
        <Pages />
      </ModelContext>
    </Boundary>
  );
}

function Pages() {
  const fragment = useSyncExternalStore(subscribeToFragment, () => location.hash);
  const { hosts } = useModel();
  useSource(hosts);
  return <PageOf route={parseRoute(fragment)} />;
}

function PageOf({ route }: { readonly route: Route }) {
  const model = useModel();
  if (route.page === "hosts") return <HostsPage />;
  const host = route.page === "missing" ? undefined : model.host(route.serverId);
  if (route.page === "missing" || host === undefined) return <MissingPage />;
  if (route.page === "agent") return <AgentPage key={route.agentId} host={host} agentId={route.agentId} />;
  return (
    <HostFrame host={host} page={route.page}>
      {route.page === "host" ? <OverviewPage host={host} /> : null}
      {route.page === "agents" ? <AgentsPage host={host} /> : null}
      {route.page === "run" ? <RunPage host={host} /> : null}
      {route.page === "log" ? <LogPage host={host} /> : null}
    </HostFrame>
  );
}

function MissingPage() {
  return (
    <Page title="There is no such page" crumbs={[{ label: "Hosts", href: "#/" }]}>
      <p className="muted">
        The host may have been forgotten. <a href="#/">All hosts</a>
      </p>
    </Page>
  );
}

function subscribeToFragment(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

/** Shows what a page has thrown, in its place. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override readonly state: { readonly error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <ProblemNote problem={toProblem(error)} />;
  }
}
