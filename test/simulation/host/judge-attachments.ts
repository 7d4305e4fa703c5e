import type { HostWorld } from "./host-world.ts";

/** at most one active client, as the daemon sees it: each instance has one channel, and at most one connection carries it. */
export function judgeAttachments({ daemon, scene, tabs }: HostWorld): void {
  const { server } = daemon;
  if (server === undefined) return;
  const { judge } = scene;
  const { open, channels } = server.metrics;
  judge.claim(open.attached === channels.attached, () => {
    return `at most one active client: ${open.attached} connections are attached to ${channels.attached} channels`;
  });
  const sessions = server.sessions.list();
  judge.claim(sessions.length <= 1, () => `${sessions.length} sessions of one key`);
  const most = tabs.reduce((sum, { standing }) => sum + 1 + standing.lossCount + standing.orphans, 0);
  const count = sessions.reduce((sum, session) => sum + session.channels.length, 0);
  judge.claim(count <= most, () => `probes change nothing: ${count} channels, and the tabs can have made ${most}`);
}
