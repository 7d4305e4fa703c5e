import { toJson } from "@bufbuild/protobuf";
import { TransitionSchema } from "moorline/schema/moorline/state/v1/transition_pb";
import { createDaemonServer, loadOrCreateIdentity, loadOrCreateTokenFile } from "moorline/server";
import { routes } from "../exec.ts";
import { readOptions, say } from "./messages.ts";

const { home } = readOptions();
const server = createDaemonServer({
  identity: await loadOrCreateIdentity(`${home}/identity`, { name: "exec", version: "1.0.0" }),
  authenticate: await loadOrCreateTokenFile(`${home}/token`),
  routes,
  onTransition: (transition) => say({ type: "transition", transition: toJson(TransitionSchema, transition) }),
});
const { endpoint } = await server.listen({ host: "127.0.0.1", port: 0 });
say({ type: "listening", endpoint, serverId: server.serverId });
process.once("SIGTERM", () => void server.drain());
