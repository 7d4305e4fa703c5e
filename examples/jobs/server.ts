import { readFileSync, writeFileSync } from "node:fs";
import {
  createDaemonServer,
  createSqliteJournalStore,
  createSqliteSessionStore,
  createSqliteTimelineStore,
  loadOrCreateIdentity,
  loadOrCreateTokenFile,
  openSqliteDatabase,
} from "moorline/server";
import { JobQueue } from "./job-queue.ts";
import { createRoutes } from "./job-service.ts";

const home = process.env.JOBS_HOME ?? ".jobs";
// First: whoever has the database is the one daemon of this directory.
const database = await openSqliteDatabase(`${home}/jobs.db`, { maxBytes: 1024 ** 3 });
const logs = createSqliteTimelineStore(database);
const queue = new JobQueue(logs);

const server = createDaemonServer({
  identity: await loadOrCreateIdentity(`${home}/identity.pem`, { name: "jobs", version: "1.0.0" }),
  authenticate: await loadOrCreateTokenFile(`${home}/token`),
  store: createSqliteSessionStore(database),
  journal: createSqliteJournalStore(database),
  routes: createRoutes(queue),
  limits: { session: { sessionMs: 30 * 24 * 3_600_000 }, http: { maxMessageBytes: 1024 ** 2 } },
});

const { JOBS_HOST: host = "127.0.0.1", JOBS_PORT: port = "0", JOBS_CERT: cert, JOBS_KEY: key } = process.env;
const tls =
  cert === undefined || key === undefined ? {} : { tls: { cert: readFileSync(cert), key: readFileSync(key) } };
const { endpoint } = await server.listen({ host, port: Number(port), ...tls });
writeFileSync(`${home}/daemon.json`, JSON.stringify({ endpoint, serverId: server.serverId }));
console.log(`listening on ${endpoint}`);

process.once("SIGTERM", async () => {
  await Promise.all([server.drain(), queue.stop()]);
  logs.close();
  database.close();
});
