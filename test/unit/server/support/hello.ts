import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ClientHello, ClientHelloSchema, Purpose } from "../../../../gen/moorline/session/v1/packet_pb.ts";

/** A session key. */
export const KEY = "key-of-the-first-client_01";
/** Another one. */
export const OTHER_KEY = "key-of-the-second-client_2";

/** What a hello is made from. */
export type HelloInit = Exclude<MessageInitShape<typeof ClientHelloSchema>, ClientHello>;

/** A channel id: 16 times the same byte. */
export function idOf(byte: number): Uint8Array {
  return new Uint8Array(16).fill(byte);
}

/** A hello in which everything is right, with what is to be different. */
export function helloOf(init: HelloInit = {}): ClientHello {
  return create(ClientHelloSchema, {
    protocol: { min: 1, max: 1 },
    sessionKey: KEY,
    purpose: Purpose.SESSION,
    client: { name: "raw", version: "1", platform: "test", instanceId: "instance-of-a-test" },
    attempt: 1n,
    freshChannelId: idOf(1),
    ...init,
  });
}

/** The same, encoded. */
export function encodeHello(init?: HelloInit): Uint8Array {
  return toBinary(ClientHelloSchema, helloOf(init));
}
