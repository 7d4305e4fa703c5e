import { writeFileSync } from "node:fs";
import { createDaemonServer, loadOrCreateIdentity, loadOrCreateTokenFile } from "moorline/server";
import { routes } from "./exec.ts";

const home = process.env.EXEC_HOME ?? ".exec";
const server = createDaemonServer({
  identity: await loadOrCreateIdentity(`${home}/identity`, { name: "exec", version: "1.0.0" }),
  authenticate: await loadOrCreateTokenFile(`${home}/token`),
  routes,
});
const { endpoint } = await server.listen({ host: "127.0.0.1", port: 0 });
writeFileSync(`${home}/daemon.json`, JSON.stringify({ endpoint, serverId: server.serverId }));
console.log(`listening on ${endpoint}`);
process.once("SIGTERM", () => void server.drain());
