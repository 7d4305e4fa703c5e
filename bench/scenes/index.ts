import type { Scene } from "./scene.ts";

const scenes: Readonly<Record<string, () => Promise<Scene>>> = {
  "directory of moorline": async () => (await import("./directory/moorline.ts")).moorlineDirectory,
  "directory of JSON + zod over ws": async () => (await import("./directory/json-ws.ts")).jsonWsDirectory("each"),
  "directory of JSON + zod over ws, corked": async () =>
    (await import("./directory/json-ws.ts")).jsonWsDirectory("corked"),
  "directory of JSON + zod over socket.io": async () =>
    (await import("./directory/json-socket-io.ts")).jsonSocketIoDirectory,
  "directory of grpc-js": async () => (await import("./directory/grpc-js.ts")).grpcJsDirectory,
  "directory of connect-node": async () => (await import("./directory/connect-node.ts")).connectNodeDirectory,
  "deltas of moorline": async () => (await import("./deltas/moorline.ts")).moorlineDeltas,
  "deltas of JSON + zod over ws": async () => (await import("./deltas/json-ws.ts")).jsonWsDeltas("each"),
  "deltas of JSON + zod over ws, corked": async () => (await import("./deltas/json-ws.ts")).jsonWsDeltas("corked"),
  "deltas of JSON + zod over socket.io": async () => (await import("./deltas/json-socket-io.ts")).jsonSocketIoDeltas,
  "deltas of grpc-js": async () => (await import("./deltas/grpc-js.ts")).grpcJsDeltas,
  "page of moorline": async () => (await loadPage()).pageScene((views) => views.all()),
  "page of one list in useState": async () => (await loadPage()).pageScene((views) => views.allInState()),
  "timeline of moorline": async () => (await import("./timeline/moorline.ts")).moorlineTimeline,
  "timeline of the same, timeline in memory": async () =>
    (await import("./timeline/moorline.ts")).moorlineMemoryTimeline,
  "timeline of socket.io": async () => (await import("./timeline/socket-io.ts")).socketIoTimeline,
  "timeline of grpc-js": async () => (await import("./timeline/grpc-js.ts")).grpcJsTimeline,
  "fan-out of moorline": async () => (await import("./fan-out/moorline.ts")).moorlineFanOut,
  "fan-out of ws, encoded once": async () => (await import("./fan-out/json-ws.ts")).jsonWsFanOut,
  "fan-out of socket.io room": async () => (await import("./fan-out/socket-io.ts")).socketIoFanOut,
  "storage of moorline": async () => (await import("./storage/moorline.ts")).sqliteStorage,
  "storage of in memory": async () => (await import("./storage/moorline.ts")).memoryStorage,
  "deltas of connect-node": async () => (await import("./deltas/connect-node.ts")).connectNodeDeltas,
};

async function loadPage(): Promise<typeof import("./page/page.ts")> {
  const { becomePage } = await import("./page/browser.ts");
  becomePage();
  return import("./page/page.ts");
}

/** Loads a scene of a peer, and nothing of the others. */
export function loadScene(scene: string, peer: string): Promise<Scene> {
  const load = scenes[`${scene} of ${peer}`];
  if (load === undefined) throw new Error(`there is no ${scene} of ${peer}`);
  return load();
}
