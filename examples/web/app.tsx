import { createBrowserLifecycle, createIndexedDbStorage, loadOrCreateSessionKey } from "moorline";
import {
  MoorlineProvider,
  useAgent,
  useAgentIds,
  useConnection,
  useCreations,
  useDirectory,
  useFleet,
  useIntent,
  useTimeline,
} from "moorline/react";
import {
  createHostFleet,
  createHostProfile,
  createIndexedDbMirrorStorage,
  createLocalHostRegistry,
  describeDaemon,
  hasFailed,
  hostFailureOf,
  isOnline,
  Presentation,
} from "moorline/runtime";
import type { TimelineItem } from "moorline/schema/moorline/agent/v1/timeline_pb.js";
import { type ComponentProps, memo, type ReactNode, StrictMode, useActionState, useState } from "react";
import { createRoot } from "react-dom/client";

const fleet = createHostFleet({
  registry: createLocalHostRegistry(),
  createOptions: ({ serverId }) => ({
    client: { name: "web-example", version: "1.0.0" },
    sessionKey: () => loadOrCreateSessionKey(createIndexedDbStorage(), serverId),
    credential: () => ({ bearerToken: localStorage.getItem(`token of ${serverId}`) ?? "" }),
    lifecycle: createBrowserLifecycle(),
    mirrorStorage: createIndexedDbMirrorStorage(),
  }),
});

async function addHost(form: FormData): Promise<void> {
  const endpoint = `${form.get("endpoint")}`;
  const { serverId, name } = await describeDaemon(endpoint);
  localStorage.setItem(`token of ${serverId}`, `${form.get("token")}`);
  const host = await fleet.add(createHostProfile({ serverId, label: name, candidates: [{ direct: endpoint }] }));
  host.credentialChanged();
}

/** What a form does, and what has gone wrong with it. */
function useForm(work: (form: FormData) => Promise<unknown>) {
  return useActionState((_: string, form: FormData) => work(form).then(() => "", String), "");
}

function Button({ label, ...rest }: ComponentProps<"button"> & { readonly label: string | undefined }): ReactNode {
  return <button {...{ type: "button", ...rest }}>{label}</button>;
}

const Row = memo(({ id, choose }: { readonly id: string; readonly choose: (id: string) => void }): ReactNode => {
  // While it is being created, its id is that of its creation, and the daemon has no timeline of it.
  const agent = useAgent(id);
  return <Button label={agent?.title} disabled={agent?.id === agent?.creationId} onClick={() => choose(id)} />;
});

const BESIDE = new Map<Presentation, string>([
  [Presentation.TOAST, "Refreshing"],
  [Presentation.RECONNECTING_BADGE, "Reconnecting"],
  [Presentation.ERROR_BADGE, "Not up to date"],
]);

function Around({ presentation, children }: { readonly presentation: Presentation; readonly children: ReactNode }) {
  const { retry } = useIntent();
  if (presentation === Presentation.OVERLAY) return <progress />;
  if (presentation === Presentation.NOT_FOUND) return "There is no such agent.";
  if (presentation !== Presentation.ERROR_SCREEN) return [<i key="beside">{BESIDE.get(presentation)}</i>, children];
  return <Button label="Try again" onClick={retry} />;
}

function textOf({ content }: TimelineItem): string {
  if (content.case === "commandOutput") return new TextDecoder().decode(content.value.data);
  return content.case === "userMessage" ? `> ${content.value.text}` : `(${content.case})`;
}

function Timeline({ agentId }: { readonly agentId: string }): ReactNode {
  const { items, hasEarlier, loadEarlier, presentation } = useTimeline(agentId);
  const { sendPrompt } = useIntent();
  const [problem, prompt] = useForm((form) => sendPrompt(agentId, `${form.get("prompt")}`));
  return (
    <Around presentation={presentation}>
      {hasEarlier && <Button label="Earlier" onClick={loadEarlier} />}
      {items.map((item) => (
        <pre key={`${item.seq}`}>{textOf(item)}</pre>
      ))}
      <form action={prompt}>
        <input name="prompt" aria-label="Prompt" placeholder="Prompt" /> {problem}
      </form>
    </Around>
  );
}

function Host({ label }: { readonly label: string }): ReactNode {
  const [chosen, choose] = useState("");
  const { createAgent, dismissCreation } = useIntent();
  const refusal = useConnection(hostFailureOf);
  const rows = useAgentIds().map((id) => <Row key={id} id={id} choose={choose} />);
  const [, run] = useForm((form) => {
    const argv = `${form.get("command")}`.split(" ");
    return createAgent({ providerId: "command", task: { case: "command", value: { argv } } });
  });
  return (
    <section>
      <h2>{useConnection(isOnline) ? label : `${label} (offline)`}</h2>
      {refusal?.kind === "error" && refusal.loss?.message}
      <form action={run}>
        <input name="command" aria-label="Command" placeholder="Command" />
      </form>
      {useCreations()
        .filter(hasFailed)
        .map(({ key, error }) => (
          <Button key={key} label={error?.message} onClick={() => dismissCreation(key)} />
        ))}
      <Around presentation={useDirectory().presentation}>{rows}</Around>
      {chosen && <Timeline key={chosen} agentId={chosen} />}
    </section>
  );
}

function App(): ReactNode {
  const hosts = useFleet((snapshot) => snapshot.hosts);
  const [problem, add] = useForm(addHost);
  return [
    <form key="add" action={add}>
      <input name="endpoint" aria-label="Endpoint" defaultValue="ws://127.0.0.1:7420" />
      <input name="token" aria-label="Token" placeholder="Token" type="password" />
      <Button type="submit" label="Add" /> {problem}
    </form>,
    ...hosts.map(({ serverId, label, runtime }) => (
      <MoorlineProvider key={serverId} host={runtime}>
        <Host label={label} />
      </MoorlineProvider>
    )),
  ];
}

void fleet.start();
createRoot(document.body).render(
  <StrictMode>
    <MoorlineProvider fleet={fleet}>
      <App />
    </MoorlineProvider>
  </StrictMode>,
);
