import { resolve } from "node:path";
import { createContextValues } from "@connectrpc/connect";
import { idempotencyKey } from "moorline";
import { type Cursor, JobService } from "./gen/jobs/v1/jobs_pb.ts";
import { followOverCuts, openClient } from "./open-client.ts";

const [key = "", ...files] = process.argv.slice(2);
const paths = files.map((file) => resolve(file));
const client = await openClient(process.env.JOBS_HOME ?? ".jobs");
const jobs = client.service(JobService);

// The same key is the same job: also for a client that was killed, and is started again.
const contextValues = createContextValues().set(idempotencyKey, key);
const { job: { id: jobId } = { id: "" } } = await jobs.startJob({ paths }, { contextValues });
console.error(`job ${jobId}`);

let known = 0;
let cursor: Cursor | undefined;
await followOverCuts(client, async () => {
  for await (const { event } of jobs.followLog(cursor === undefined ? { jobId } : { jobId, cursor })) {
    if (event.case === "mark") cursor = event.value.cursor;
    // What came after the last mark comes again after a cut.
    if (event.case === "line" && event.value.number > known) {
      console.log(event.value.text);
      known = event.value.number;
    }
    if (known === paths.length) return true;
  }
  return false;
});
await client.close();
