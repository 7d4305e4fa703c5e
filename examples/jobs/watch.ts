import { digestOf } from "moorline/server";
import { type Cursor, JobService } from "./gen/jobs/v1/jobs_pb.ts";
import { followOverCuts, openClient } from "./open-client.ts";

const client = await openClient(process.env.JOBS_HOME ?? ".jobs");
/** The jobs that are known, by their ids, with the revision of the last change of each. */
const known = new Map<string, { readonly id: string; readonly revision: number }>();
let cursor: Cursor | undefined;
let diverged = false;

await followOverCuts(client, async () => {
  const request = cursor === undefined ? { diverged } : { diverged, cursor };
  for await (const { event } of client.service(JobService).watchJobs(request)) {
    if (event.case === "snapshotBegan") known.clear();
    if (event.case === "jobChanged" && event.value.job !== undefined) {
      const { id, done, paths } = event.value.job;
      known.set(id, { id, revision: Number(event.value.revision) });
      console.log(`${id} ${done}/${paths.length}`);
    }
    if (event.case === "mark") {
      const { digest } = event.value;
      cursor = event.value.cursor;
      diverged = digest !== undefined && digest !== digestOf(known.values());
      if (digest !== undefined) console.log(diverged ? "diverged" : `in step: ${known.size}`);
      if (diverged) return false;
    }
  }
  return false;
});
