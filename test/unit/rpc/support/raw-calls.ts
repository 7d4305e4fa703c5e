import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Call, CallChannel, CallClose, OpenOptions } from "../../../../src/channel/call.ts";
import { SayRequestSchema, SayResponseSchema } from "../gen/rpctest/v1/echo_pb.ts";

/** What a raw caller has heard of its call. */
export interface RawCall {
  readonly call: Call;
  readonly closes: readonly CallClose[];
  readonly messages: readonly Uint8Array[];
}

/** Opens a call without a client: as a peer would that does not keep to what ours does. Reads whatever comes. */
export function openRaw(channel: CallChannel, method: string, options: Partial<OpenOptions> = {}): RawCall {
  const closes: CallClose[] = [];
  const messages: Uint8Array[] = [];
  const read = (): void => {
    for (let bytes = call.read(); bytes !== undefined; bytes = call.read()) messages.push(bytes);
  };
  const call = channel.open({
    method: `rpctest.v1.EchoService/${method}`,
    ...options,
    listener: {
      readable: read,
      writable() {},
      headers() {},
      closed(close) {
        read();
        closes.push(close);
      },
    },
  });
  read();
  return { call, closes, messages };
}

/** Serves calls without a router: as a peer would that does not keep to what ours does. */
export function serveRaw(channel: CallChannel, serve: (call: Call) => void): void {
  channel.onCall = (call) => {
    call.listener = { readable() {}, writable() {}, headers() {}, closed() {} };
    serve(call);
  };
}

/** How a raw callee ends a call well. */
export const ok = { code: 0, message: "", details: [], trailers: [], lastMessage: undefined };

/** An encoded request. */
export function encodeRequest(init: MessageInitShape<typeof SayRequestSchema> = {}): Uint8Array {
  return toBinary(SayRequestSchema, create(SayRequestSchema, init));
}

/** An encoded answer. */
export function encodeAnswer(init: MessageInitShape<typeof SayResponseSchema> = {}): Uint8Array {
  return toBinary(SayResponseSchema, create(SayResponseSchema, init));
}
