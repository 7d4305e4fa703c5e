import { createServer } from "node:http";
import {
  createDaemonServer,
  createMemoryTimelineStore,
  loadOrCreateIdentity,
  loadOrCreateTokenFile,
} from "moorline/server";
import { JobQueue } from "./job-queue.ts";
import { createRoutes } from "./job-service.ts";

const home = process.env.JOBS_HOME ?? ".jobs";
const daemon = createDaemonServer({
  identity: await loadOrCreateIdentity(`${home}/identity.pem`, { name: "jobs", version: "1.0.0" }),
  authenticate: await loadOrCreateTokenFile(`${home}/token`),
  routes: createRoutes(new JobQueue(createMemoryTimelineStore())),
});
const http = createServer((_, response) => response.end("the page of the application\n"));
http.listen({ host: "127.0.0.1", port: Number(process.env.JOBS_PORT ?? 0) }, () => {
  daemon.attach(http, { path: "/jobs" });
  console.log(JSON.stringify(http.address()));
});
