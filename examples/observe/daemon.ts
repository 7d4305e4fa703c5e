import { writeFileSync } from "node:fs";
import { createJsonLog } from "moorline/node";
import { createServerTracing } from "moorline/otel";
import { createDaemonServer, createMetricRegistry, loadOrCreateIdentity, loadOrCreateTokenFile } from "moorline/server";
import { routes } from "../exec/exec.ts";
import "./tracing.ts";

const home = process.env.EXEC_HOME ?? ".exec";
const log = createJsonLog({ name: "exec" });
const registry = createMetricRegistry();
registry.register({
  name: "exec_resident_memory_bytes",
  type: "gauge",
  help: "Memory of the process.",
  collect: () => process.memoryUsage.rss(),
});
const server = createDaemonServer({
  identity: await loadOrCreateIdentity(`${home}/identity`, { name: "exec", version: "1.0.0" }),
  authenticate: await loadOrCreateTokenFile(`${home}/token`),
  routes,
  onTransition: log.onTransition,
  logger: log.logger,
  metrics: { registry },
  interceptors: [createServerTracing()],
});
const { endpoint, port } = await server.listen({ host: "127.0.0.1", port: 0 });
writeFileSync(`${home}/daemon.json`, JSON.stringify({ endpoint, serverId: server.serverId, port }));
console.log(`listening on ${endpoint}`);
process.once("SIGTERM", () => void server.drain());
