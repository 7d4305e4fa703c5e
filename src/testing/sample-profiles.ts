import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type HostProfile, HostProfileSchema } from "../../gen/moorline/state/v1/host_profile_pb.ts";
import { bytesToBase64url } from "../wire/base64url.ts";

const SERVER_ID_BYTES = 32;
const FIRST_PORT = 4_000;

/** The server id of a number, below 256. */
export function serverIdOfNumber(number: number): string {
  return bytesToBase64url(new Uint8Array(SERVER_ID_BYTES).fill(number));
}

/** A profile with one address. */
export function profileOf(number: number, init: MessageInitShape<typeof HostProfileSchema> = {}): HostProfile {
  const endpoint = `ws://127.0.0.1:${FIRST_PORT + number}/`;
  return create(HostProfileSchema, {
    serverId: serverIdOfNumber(number),
    label: `host ${number}`,
    candidates: [{ id: endpoint, kind: { case: "direct", value: { endpoint } } }],
    ...init,
  });
}
