import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { systemClock, systemRandom } from "moorline";
import { type TimelineLog, type TimelineStore, VersionedCollection } from "moorline/server";
import { type Job, JobSchema } from "./gen/jobs/v1/jobs_pb.ts";

/** The jobs of a daemon, run one after the other. On disk each is a log, and the record of that log. */
export class JobQueue {
  /** What clients follow: the jobs by their ids. */
  readonly jobs = new VersionedCollection<Job>({
    clock: systemClock,
    random: systemRandom,
    sizeOf: (job) => toBinary(JobSchema, job).length,
  });
  private readonly store: TimelineStore;
  private readonly stopping = new AbortController();
  private work: Promise<void> = Promise.resolve();

  constructor(store: TimelineStore) {
    this.store = store;
    for (const log of store.list()) this.take(log);
  }

  /** Adds a job. It is on disk when this comes back. */
  async add(paths: string[]): Promise<Job> {
    const job = create(JobSchema, { id: randomUUID(), paths });
    this.take(await this.store.open(job.id, toBinary(JobSchema, job)));
    return job;
  }

  /** The log of a job, where there is one. */
  findLog(jobId: string): TimelineLog | undefined {
    return this.store.find(jobId);
  }

  /** Begins no other file; comes back when the present one is in the log. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.work;
  }

  private take(log: TimelineLog): void {
    const job = fromBinary(JobSchema, log.record);
    this.jobs.put(job.id, job);
    this.work = this.work.then(() => this.run(log, job));
  }

  /** Goes on where the log ends: a daemon that was killed does no file twice, and leaves none out. */
  private async run(log: TimelineLog, job: Job): Promise<void> {
    for (const path of job.paths.slice(log.lastSeq)) {
      if (this.stopping.signal.aborted) return;
      const line = `${await digest(path)}  ${path}`;
      const next = { ...job, done: log.lastSeq + 1 };
      // Both in one turn of the event loop: they are one transaction.
      await Promise.all([log.append(new TextEncoder().encode(line)), log.setRecord(toBinary(JobSchema, next))]);
      this.jobs.put(job.id, next);
    }
  }
}

async function digest(path: string): Promise<string> {
  try {
    return createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  } catch {
    return "unreadable";
  }
}
