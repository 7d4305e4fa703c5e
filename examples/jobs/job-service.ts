import { Code, ConnectError, type ConnectRouter, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { callSession, type Piece, watchPieces } from "moorline/server";
import { type Cursor, type Job, JobGuardService, JobService } from "./gen/jobs/v1/jobs_pb.ts";
import type { JobQueue } from "./job-queue.ts";

/** A job of more files is asked about first. */
const ASKED_ABOVE = 50;
const MAX_JOBS = 100;
/** How many jobs a session has started: what is kept with a session has a typed key. */
const startedJobs = createContextKey(0, { description: "started jobs" });
const everyJob = { hash: "every job", matches: () => true };

/** The services of the daemon. */
export const createRoutes =
  (queue: JobQueue) =>
  (router: ConnectRouter): void => {
    router.service(JobService, {
      async startJob({ paths }, context) {
        await checkJob(paths, context);
        return { job: await queue.add(paths) };
      },
      async *watchJobs({ cursor, diverged }, { signal }) {
        const options = {
          filter: everyJob,
          cursor: cursor && { ...toCursor(cursor), filterHash: "every job" },
          diverged,
        };
        for await (const piece of watchPieces(queue.jobs, options, signal)) yield* pieceToResponses(piece);
      },
      async *followLog({ jobId, cursor }, { signal }) {
        const log = queue.findLog(jobId);
        if (log === undefined) throw new ConnectError(`there is no job ${jobId}`, Code.NotFound);
        const watch = log.watch(cursor && toCursor(cursor));
        signal.addEventListener("abort", () => void watch.return?.());
        for await (const event of watch) {
          if (event.kind === "itemAppended") {
            const text = new TextDecoder().decode(event.item.payload);
            yield { event: { case: "line" as const, value: { number: event.item.seq, text } } };
          }
          if (event.kind === "mark")
            yield { event: { case: "mark" as const, value: { cursor: toWire(event.cursor) } } };
        }
      },
    });
  };

/** What a session may not have, and what its client does not want, is refused. */
async function checkJob(paths: readonly string[], { values }: HandlerContext): Promise<void> {
  const session = values.get(callSession);
  if (session === undefined) throw new ConnectError("a job belongs to a session", Code.FailedPrecondition);
  const started = session.values.get(startedJobs);
  if (started >= MAX_JOBS) throw new ConnectError(`${MAX_JOBS} jobs are enough`, Code.ResourceExhausted);
  if (paths.length > ASKED_ABOVE) {
    const { allowed } = await session.client(JobGuardService).allowJob({ files: paths.length });
    if (!allowed) throw new ConnectError("the client does not allow it", Code.FailedPrecondition);
  }
  session.values.set(startedJobs, started + 1);
}

function* pieceToResponses(piece: Piece<Job>) {
  if (piece.kind === "snapshotBegan") {
    yield { event: { case: "snapshotBegan" as const, value: { total: piece.total } } };
  }
  if (piece.kind === "changed") {
    for (const { value: job, revision } of piece.upserted) {
      yield { event: { case: "jobChanged" as const, value: { job, revision: BigInt(revision) } } };
    }
  }
  if (piece.kind === "mark") {
    const { digest } = piece;
    const mark = { cursor: toWire(piece.cursor), ...(digest === undefined ? {} : { digest }) };
    yield { event: { case: "mark" as const, value: mark } };
  }
}

function toCursor({ epoch, revision }: Cursor) {
  return { epoch, revision: Number(revision) };
}

function toWire({ epoch, revision }: { readonly epoch: string; readonly revision: number }) {
  return { epoch, revision: BigInt(revision) };
}
