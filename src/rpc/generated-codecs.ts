import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { decodeMessage, encodeMessage, type MessageCode, type MessageCodes } from "../wire/message-codec.ts";
import { type CodecSource, generalCodec, type MessageCodec } from "./message-format.ts";

/**
 * Codecs that use generated code for the messages that have some, faster than the general ones, and the
 * general ones for all others. They give the same messages and bytes.
 * @param tables The generated code, from the modules `…_codec` beside those of the messages.
 */
export function createGeneratedCodecs(...tables: readonly MessageCodes[]): CodecSource {
  return (desc) => {
    const table = tables.find((each) => Object.hasOwn(each, desc.typeName));
    const code = table?.[desc.typeName];
    return code === undefined ? generalCodec(desc) : createCodec(desc, code);
  };
}

function createCodec<D extends DescMessage>(desc: D, code: MessageCode): MessageCodec<D> {
  return {
    encode: (message) => encodeMessage(code, message) ?? toBinary(desc, message),
    encodeInit: (init: MessageInitShape<D>) => encodeMessage(code, init),
    // The code is that of the type with this name.
    decode: (bytes) => (decodeMessage(code, bytes) as MessageShape<D> | undefined) ?? fromBinary(desc, bytes),
  };
}
