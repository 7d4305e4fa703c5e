import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import type { ServerInfo } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { DescribeResponseSchema } from "../../../gen/moorline/session/v1/service_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";

const METHOD = "moorline.session.v1.SessionService/Describe";
const TIMEOUT_MS = 10_000;

/**
 * Asks a daemon that is known by its address only who it is, by a plain RPC that needs no key.
 * @param endpoint Of the daemon, in normal form.
 * @throws MoorlineError NOT_CONNECTED where nobody answers, or somebody who is no daemon.
 */
export async function describeDaemon(endpoint: string): Promise<ServerInfo> {
  const url = new URL(METHOD, endpoint.replace(/^ws/, "http"));
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { server } = fromJson(DescribeResponseSchema, (await response.json()) as JsonValue, {
      ignoreUnknownFields: true,
    });
    if (server !== undefined) return server;
  } catch (cause) {
    throw unreachable(cause);
  }
  throw unreachable();
}

function unreachable(cause?: unknown): MoorlineError {
  const action = `See that the daemon runs, and that it allows this page: --allow-origin ${location.origin}`;
  return new MoorlineError("NOT_CONNECTED", "No daemon answers this page there.", { action, cause });
}
