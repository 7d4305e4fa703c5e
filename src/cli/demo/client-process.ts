import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { enumToJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ResumptionSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { createDaemonClient, type DaemonClient } from "../../client/daemon-client.ts";
import { loadOrCreateSessionKey } from "../../client/session-key.ts";
import { createFileStorage } from "../../node/file-storage.ts";
import { createWsTransport } from "../../transport/ws-client.ts";
import { followAgents } from "./agent-mirror.ts";
import { compareDirectory, createAndFollow, readTimeline } from "./client-work.ts";
import type { ClientMessage, ClientOptions, ClientOrder } from "./messages.ts";
import { sumProgress, type Tally } from "./tally.ts";

/** The client of the demo, a process of its own: does what it is told on its input, and closes at the end of that. */
export async function runClientProcess(options: ClientOptions): Promise<void> {
  const tallies: Tally[] = [];
  const progress = () => sumProgress(tallies.map((tally) => tally.progress));
  const client = await createClient(options);
  let generation = 0;
  client.subscribe(({ state }) => {
    if (state.case !== "connected" || state.value.generation === generation) return;
    generation = state.value.generation;
    const resumption = String(enumToJson(ResumptionSchema, state.value.attachment?.resumption ?? 0));
    say({ type: "welcomed", resumption: resumption.replace("RESUMPTION_", ""), progress: progress() });
  });
  let phase: "open" | "closing" = "open";
  const fail = (error: unknown): void => {
    if (phase === "open") say({ type: "failed", message: String(error) });
  };
  const directory = followAgents(client, fail);
  const work = { client, directory, tallies, progress, say };
  const perform = (order: ClientOrder): Promise<void> => {
    if (order.order === "create") return createAndFollow(work, order);
    return order.order === "read" ? readTimeline(work, order) : compareDirectory(work);
  };
  for await (const line of createInterface({ input: process.stdin })) {
    perform(JSON.parse(line) as ClientOrder).catch(fail);
  }
  phase = "closing";
  await directory.stop();
  await client.close();
}

async function createClient({ home, tokenFile, endpoint, serverId }: ClientOptions): Promise<DaemonClient> {
  return createDaemonClient({
    endpoint,
    expectedServerId: serverId,
    sessionKey: await loadOrCreateSessionKey(createFileStorage(home), serverId),
    credential: { bearerToken: readFileSync(tokenFile, "utf8").trim() },
    client: { name: "moorline-demo", version: "0.1.0" },
    transport: createWsTransport(),
    onTransition: (transition) =>
      say({ type: "transition", transition: toJson(TransitionSchema, transition) as JsonValue }),
  });
}

/** Says a message to the process that has started this one. */
function say(message: ClientMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
