import { create, type DescMethodBiDiStreaming } from "@bufbuild/protobuf";
import { SessionService, type StreamEnvelope, StreamEnvelopeSchema } from "../../gen/moorline/session/v1/service_pb.ts";
import type { StreamMessage } from "./stream-connection.ts";

/** `SessionService.Attach` with packets as bytes: the same on the wire, and nobody decodes what only passes. */
export const attachMethod: DescMethodBiDiStreaming<typeof StreamEnvelopeSchema, typeof StreamEnvelopeSchema> = {
  ...SessionService.method.attach,
  input: StreamEnvelopeSchema,
  output: StreamEnvelopeSchema,
};

/** A message of a stream as it is sent. */
export function toEnvelope({ packet, close }: StreamMessage): StreamEnvelope {
  return create(StreamEnvelopeSchema, {
    ...(packet === undefined ? {} : { packet }),
    ...(close === undefined ? {} : { close }),
  });
}
