import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { compileDecoder } from "../wire/message/compile-decoder.ts";
import { compileEncoder } from "../wire/message/compile-encoder.ts";

/** Turns the messages of one type into bytes and back. What it throws fails the call, not the channel. */
export interface MessageCodec<D extends DescMessage> {
  /** Encodes a message. */
  encode(message: MessageShape<D>): Uint8Array;
  /** Decodes a message. Bytes fields may be views into `bytes`. */
  decode(bytes: Uint8Array): MessageShape<D>;
}

/** Where the codec of a message type comes from. Asked once per method. */
export type CodecSource = <D extends DescMessage>(desc: D) => MessageCodec<D>;

/** The codec that works for every message type: that of @bufbuild/protobuf, with a short cut for what is common. */
export const generalCodec: CodecSource = (desc) => {
  const encode = compileEncoder(desc);
  const decode = compileDecoder(desc);
  return {
    encode: (message) => encode?.(message) ?? toBinary(desc, message),
    decode: (bytes) => decode?.(bytes) ?? fromBinary(desc, bytes),
  };
};

/** How large messages may be, in bytes. */
export interface MessageLimits {
  /** Of those that are decoded. Default: no limit but that of the channel. */
  readonly readMaxBytes?: number | undefined;
  /** Of those that are encoded. Default: no limit but that of the channel. */
  readonly writeMaxBytes?: number | undefined;
}

/** Codecs that throw RESOURCE_EXHAUSTED for messages over a limit. */
export function limitCodecs(codecs: CodecSource, limits: MessageLimits): CodecSource {
  const { readMaxBytes = Number.POSITIVE_INFINITY, writeMaxBytes = Number.POSITIVE_INFINITY } = limits;
  return (desc) => {
    const codec = codecs(desc);
    return {
      encode: (message) => checkSize(codec.encode(message), "writeMaxBytes", writeMaxBytes),
      decode: (bytes) => codec.decode(checkSize(bytes, "readMaxBytes", readMaxBytes)),
    };
  };
}

function checkSize(bytes: Uint8Array, name: string, max: number): Uint8Array {
  if (bytes.length <= max) return bytes;
  throw new ConnectError(
    `message size ${bytes.length} is larger than configured ${name} ${max}`,
    Code.ResourceExhausted,
  );
}

/** One side of a method: its message type, with errors as a call ends with them. Spec: FRAME-6. */
export class MessageFormat<D extends DescMessage> {
  private readonly desc: D;
  private readonly codec: MessageCodec<D>;

  /** @param desc The message type. @param codecs Where its codec comes from. */
  constructor(desc: D, codecs: CodecSource) {
    this.desc = desc;
    this.codec = codecs(desc);
  }

  /** Completes what a caller or a handler gives. */
  normalize(init: MessageInitShape<D> | undefined): MessageShape<D> {
    return create(this.desc, init);
  }

  /**
   * Completes and encodes what a caller or a handler gives.
   * @throws ConnectError INTERNAL where it is no such message.
   */
  encode(init: MessageInitShape<D> | undefined): Uint8Array {
    try {
      return this.codec.encode(create(this.desc, init));
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      throw new ConnectError(`serialize binary: ${textOf(error)}`, Code.Internal, undefined, undefined, error);
    }
  }

  /**
   * Decodes what the peer sent.
   * @throws ConnectError of the given code where it is no such message.
   */
  decode(bytes: Uint8Array, failure: Code): MessageShape<D> {
    try {
      return this.codec.decode(bytes);
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      throw new ConnectError(`parse binary: ${textOf(error)}`, failure, undefined, undefined, error);
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
