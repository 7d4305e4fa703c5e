import { createSessionKey } from "moorline";
import { createWsTransport } from "moorline/node";
import { createHostProfile, createHostRuntime, type HostRuntime } from "moorline/runtime";
import { describeDaemon } from "../../../src/runtime/describe-daemon.ts";

/** Starts the runtime of a host, as a page has one. */
export async function openHost(port: number): Promise<HostRuntime> {
  const direct = `ws://127.0.0.1:${port}`;
  const { serverId } = await describeDaemon(direct);
  const host = createHostRuntime({
    profile: createHostProfile({ serverId, candidates: [{ direct }] }),
    sessionKey: createSessionKey(),
    client: { name: "bench", version: "1.0.0" },
    transport: createWsTransport(),
    onTransition: () => {},
    onError: console.error,
  });
  await host.ensureOnline();
  return host;
}

/** Resolves when the directory of a host has so many agents, and nothing more is to come. */
export function whenLoaded({ agents: { sync, agents } }: HostRuntime, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (sync.getSnapshot().state.case !== "ready" || agents.getSnapshot().length !== count) return;
      for (const unsubscribe of unsubscribes) unsubscribe();
      resolve();
    };
    const unsubscribes = [sync.subscribe(look), agents.subscribe(look)];
    look();
  });
}
