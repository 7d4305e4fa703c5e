import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  PresenceState,
  type RegisterPushTokenRequest,
  type ReportPresenceRequest,
} from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { createFieldInvalid } from "./presence-errors.ts";

/** What a client has reported of itself. */
export interface PresenceReport {
  /** Whether somebody sees it. */
  readonly isVisible: boolean;
  /** The agent that it shows. Undefined: none. */
  readonly shownAgentId: string | undefined;
  /** When somebody last did something there, in milliseconds since 1970, by the client's clock. Undefined: not known. */
  readonly activeAtMs: number | undefined;
}

const AGENT_ID = /^[A-Za-z0-9_-]{22}$/;
const MAX_SERVICE_CHARACTERS = 64;
const MAX_TOKEN_BYTES = 4096;
/** The years 1 to 9999, as protobuf has them. */
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;
const MAX_NANOS = 999_999_999;

/** Reads a report. @throws ConnectError INVALID_ARGUMENT with FieldInvalid. Spec: PRESENCE-2. */
export function readPresence({ state, agentId, activeAt }: ReportPresenceRequest): PresenceReport {
  if (agentId !== "" && !AGENT_ID.test(agentId)) {
    throw createFieldInvalid("agent_id", "empty or the id of an agent, 22 characters of base64url");
  }
  if (activeAt !== undefined && !isTimestamp(activeAt)) {
    throw createFieldInvalid("active_at", "a time of the years 1 to 9999, or absent");
  }
  return {
    isVisible: state === PresenceState.VISIBLE,
    shownAgentId: agentId === "" ? undefined : agentId,
    activeAtMs: activeAt === undefined ? undefined : timestampMs(activeAt),
  };
}

/** Looks at a token that is left. @throws ConnectError INVALID_ARGUMENT with FieldInvalid. Spec: PRESENCE-9. */
export function checkPushToken({ service, token }: RegisterPushTokenRequest): void {
  if (service === "" || service.length > MAX_SERVICE_CHARACTERS) {
    throw createFieldInvalid("service", `1 to ${MAX_SERVICE_CHARACTERS} characters`);
  }
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
    throw createFieldInvalid("token", `at most ${MAX_TOKEN_BYTES} bytes of UTF-8`);
  }
}

function isTimestamp({ seconds, nanos }: Timestamp): boolean {
  return seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos <= MAX_NANOS;
}
