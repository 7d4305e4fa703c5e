import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "../../../gen/grpc/health/v1/health_pb.ts";

/** The server, as its health service sees it. */
export interface HealthSource {
  /** Whether the server takes no new calls any more. */
  readonly isStopping: boolean;
  /** Resolves when it begins to be stopped. */
  readonly stopping: Promise<void>;
}

/** The health service of gRPC. @param services What is served. Spec: HTTP-10. */
export function createHealthService(
  services: ReadonlyMap<string, DescService>,
  source: HealthSource,
): ServiceImpl<typeof Health> {
  const isKnown = (name: string): boolean => name === "" || services.has(name);
  const statusNow = (): Status => (source.isStopping ? Status.NOT_SERVING : Status.SERVING);
  return {
    check({ service }) {
      if (!isKnown(service)) throw new ConnectError("this service is not served", Code.NotFound);
      return { status: statusNow() };
    },
    async *watch({ service }, { signal }) {
      const status = isKnown(service) ? statusNow() : Status.SERVICE_UNKNOWN;
      yield { status };
      const isOver = await raceAbort(source.stopping, signal);
      if (!isOver && status === Status.SERVING) yield { status: Status.NOT_SERVING };
      // The stream goes on until its client, or the server, ends it.
      await raceAbort(new Promise<void>(() => {}), signal);
    },
  };
}

/** Waits for `work`. @returns Whether the signal was first. */
function raceAbort(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(true);
    signal.addEventListener("abort", () => resolve(true));
    work.then(() => resolve(false));
  });
}
