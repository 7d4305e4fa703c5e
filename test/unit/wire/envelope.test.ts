import type { DescMessage, Message } from "@bufbuild/protobuf";
import { createRegistry, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as envelope from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { ClientPacketSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { CodecError } from "../../../src/wire/codec.ts";
import type { Own } from "./envelope-model.ts";
import { arbitraryMessage, opaqueSchema, toGeneral, toOwn } from "./envelope-model.ts";

interface Codec {
  readonly name: string;
  readonly desc: DescMessage;
  decode(bytes: Uint8Array): Own;
  encode(own: Own): Uint8Array;
  size(own: Own): number;
  write(own: Own, bytes: Uint8Array, offset: number): number;
}

const functions = envelope as unknown as { [name: string]: (...args: unknown[]) => unknown };

const codecs: Codec[] = ["ClientPacket", "ServerPacket", "Frames", "Frame", "CallOpen", "CallEnd"].map((name) => ({
  name,
  desc: opaqueSchema(`moorline.session.v1.${name}`),
  decode: functions[`decode${name}`] as Codec["decode"],
  encode: functions[`encode${name}`] as Codec["encode"],
  size: functions[`size${name}`] as Codec["size"],
  write: functions[`write${name}`] as Codec["write"],
}));

const EXACTLY = { registry: createRegistry(), unknown: true };
const RUNS = { numRuns: 400 };
const REPEATED = 500_000;
const MALFORMED_RUNS = { numRuns: 4000 };

describe.each(codecs)("envelope codec: $name", (codec) => {
  it("encodes to the same bytes as the general codec [SCHEMA-3]", () => {
    fc.assert(
      fc.property(arbitraryMessage(codec.desc), (message) => {
        expect(codec.encode(toOwn(codec.desc, message))).toEqual(toBinary(codec.desc, message));
      }),
      RUNS,
    );
  });

  it("decodes what the general codec encoded, unknown fields included [SCHEMA-3]", () => {
    fc.assert(
      fc.property(arbitraryMessage(codec.desc), (message) => {
        const bytes = toBinary(codec.desc, message);
        const decoded = codec.decode(bytes);
        expectSame(codec.desc, decoded, fromBinary(codec.desc, bytes));
        expect(codec.encode(decoded)).toEqual(bytes);
      }),
      RUNS,
    );
  });

  it("decodes to the same value what it encoded", () => {
    fc.assert(
      fc.property(arbitraryMessage(codec.desc), (message) => {
        const own = codec.decode(toBinary(codec.desc, message));
        expect(codec.decode(codec.encode(own))).toEqual(own);
      }),
      RUNS,
    );
  });

  it("writes at an offset exactly as many bytes as it says", () => {
    fc.assert(
      fc.property(arbitraryMessage(codec.desc), fc.nat(20), (message, offset) => {
        const own = toOwn(codec.desc, message);
        const buffer = new Uint8Array(offset + codec.size(own) + 5).fill(0xee);
        const end = codec.write(own, buffer, offset);
        expect(end).toBe(buffer.length - 5);
        expect(buffer.slice(offset, end)).toEqual(toBinary(codec.desc, message));
        expect(buffer.slice(0, offset).every((byte) => byte === 0xee)).toBe(true);
        expect(buffer.slice(end).every((byte) => byte === 0xee)).toBe(true);
      }),
      RUNS,
    );
  });

  it("decodes or refuses damaged bytes as the general codec does [SCHEMA-3]", () => {
    const damaged = fc
      .tuple(arbitraryMessage(codec.desc), fc.array(arbitraryDamage, { minLength: 1, maxLength: 3 }))
      .map(([message, damages]) => damages.reduce(damage, toBinary(codec.desc, message)));
    fc.assert(
      fc.property(damaged, (bytes) => expectAgreement(codec, bytes)),
      MALFORMED_RUNS,
    );
  });

  it("decodes or refuses random bytes as the general codec does", () => {
    const random = fc
      .array(fc.oneof(fc.nat(0x5a), fc.nat(4), fc.nat(255)), { maxLength: 40 })
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(random, (bytes) => expectAgreement(codec, bytes)),
      MALFORMED_RUNS,
    );
  });

  it("decodes two encodings after each other to the merge of both, as the general codec does", () => {
    fc.assert(
      fc.property(arbitraryMessage(codec.desc), arbitraryMessage(codec.desc), (first, second) => {
        const bytes = Uint8Array.from([...toBinary(codec.desc, first), ...toBinary(codec.desc, second)]);
        expectAgreement(codec, bytes);
      }),
      RUNS,
    );
  });
});

type Damage = {
  readonly kind: "cut" | "set" | "flip" | "insert" | "remove";
  readonly at: number;
  readonly byte: number;
};

const arbitraryDamage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom("cut", "set", "flip", "insert", "remove"),
  at: fc.nat(400),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xff, 0x7f, 0x0f)),
});

function damage(bytes: Uint8Array<ArrayBuffer>, { kind, at, byte }: Damage): Uint8Array<ArrayBuffer> {
  const index = bytes.length === 0 ? 0 : at % bytes.length;
  const list = [...bytes];
  if (kind === "cut") list.length = index;
  else if (kind === "set") list[index] = byte;
  else if (kind === "flip") list[index] = (list[index] ?? 0) ^ (1 << (byte & 7));
  else list.splice(index, kind === "remove" ? 1 : 0, ...(kind === "insert" ? [byte] : []));
  return Uint8Array.from(list);
}

/** Checks that both codecs refuse the bytes, or both make the same of them. */
function expectAgreement(codec: Codec, bytes: Uint8Array): void {
  let own: Own | CodecError;
  try {
    own = codec.decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    own = error as CodecError;
  }
  let general: Message | undefined;
  try {
    general = fromBinary(codec.desc, bytes);
  } catch {
    general = undefined;
  }
  if (own instanceof CodecError) {
    // The general codec has bigints: it takes what the envelope codec has to refuse.
    if (own.reason !== "out_of_range") expect(general).toBeUndefined();
    return;
  }
  if (general === undefined) throw new Error("only the general codec refuses these bytes");
  expectSame(codec.desc, own, general);
}

function expectSame(desc: DescMessage, own: Own, general: Message): void {
  const mapped = toGeneral(desc, withLastHello(own, general as Message & Own));
  if (!equals(desc, mapped, general, EXACTLY)) expect(mapped).toEqual(general);
}

/** Of a repeated hello the reference, where it is bytes, has the last one; the envelope codec has the merge of all. */
function withLastHello(own: Own, general: Own): Own {
  const body = own.body as { case: string; value: Uint8Array } | undefined;
  if (body?.case !== "hello" || !(body.value instanceof Uint8Array)) return own;
  const { value } = general.body as { value: Uint8Array };
  return { ...own, body: { case: "hello", value: body.value.subarray(body.value.length - value.length) } };
}

describe("envelope codec", () => {
  it("leaves a hello as bytes, and merges a repeated one as the general codec does", () => {
    const desc: DescMessage = ClientPacketSchema;
    fc.assert(
      fc.property(arbitraryMessage(desc), arbitraryMessage(desc), (first, second) => {
        const bytes = Uint8Array.from([...toBinary(desc, first), ...toBinary(desc, second)]);
        const mapped = toGeneral(desc, envelope.decodeClientPacket(bytes) as unknown as Own);
        expect(equals(desc, mapped, fromBinary(desc, bytes), EXACTLY)).toBe(true);
      }),
      RUNS,
    );
  });

  it("gives payloads as views into the packet", () => {
    const body = { case: "message", value: new Uint8Array(64).fill(7) } as const;
    const packet = new Uint8Array([0, ...envelope.encodeFrame(envelope.createFrame({ callId: 1, body }))]).subarray(1);
    const decoded = envelope.decodeFrame(packet);
    expect(decoded.body.case).toBe("message");
    expect((decoded.body.value as Uint8Array).buffer).toBe(packet.buffer);
    expect(decoded.body.value).toEqual(body.value);
  });

  it.each([2 ** 53, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses to encode %d as a 64-bit integer",
    (id) => {
      expect(() => envelope.encodePing(envelope.createPing({ id }))).toThrow(
        expect.objectContaining({ name: "CodecError", reason: "out_of_range" }),
      );
    },
  );

  it.each([2 ** 32, -1, 1.5])("refuses to encode %d as a 32-bit integer", (code) => {
    expect(() => envelope.encodeCallEnd(envelope.createCallEnd({ code }))).toThrow(CodecError);
  });

  it.each([2 ** 31, 1.5])("refuses to encode %d as an enum value", (code) => {
    expect(() => envelope.encodeGoodbye(envelope.createGoodbye({ code }))).toThrow(CodecError);
  });

  it("refuses to decode an integer over 2^53 - 1", () => {
    const largest = envelope.encodePing(envelope.createPing({ id: Number.MAX_SAFE_INTEGER }));
    expect(envelope.decodePing(largest).id).toBe(Number.MAX_SAFE_INTEGER);
    const over = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    expect(() => envelope.decodePing(Uint8Array.from(over))).toThrow(
      expect.objectContaining({ reason: "out_of_range" }),
    );
  });

  it("encodes half surrogates as the general codec does", () => {
    for (const method of ["\ud800", "a\udc00b", `${"x".repeat(40)}\ud800`, "\ud83d\ude00"]) {
      const bytes = envelope.encodeCallOpen(envelope.createCallOpen({ method }));
      expect(bytes.subarray(2)).toEqual(new TextEncoder().encode(method));
    }
  });

  it.each([
    ["truncated", [0x08]],
    ["truncated", [0x12, 0x05, 0x00]],
    ["illegal_tag", [0x00]],
    ["illegal_tag", [0x0e, 0x01]],
    ["illegal_tag", [0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["illegal_varint", [0x08, ...new Array<number>(10).fill(0x80), 0x01]],
    ["illegal_group", [0x7c]],
    ["illegal_group", [0x7b, 0x84, 0x01]],
    ["illegal_group", [...new Array<number>(120).fill(0x7b)]],
  ])("says %s for %j", (reason, bytes) => {
    expect(() => envelope.decodePing(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ name: "CodecError", reason }),
    );
  });

  it("says illegal_utf8 for a string that is none", () => {
    expect(() => envelope.decodeHeader(Uint8Array.from([0x0a, 0x02, 0xc3, 0x28]))).toThrow(
      expect.objectContaining({ reason: "illegal_utf8" }),
    );
  });

  // With as many as that, time in proportion to their square is minutes: longer than a test may take.
  it("takes time in proportion to the bytes, whatever is repeated in them", () => {
    const repeat = (bytes: number[], times: number): Uint8Array =>
      Uint8Array.from({ length: bytes.length * times }, (_, i) => bytes[i % bytes.length] as number);
    const unknown = envelope.decodeFrame(repeat([0x78, 0x01], REPEATED));
    const frames = envelope.decodeClientPacket(repeat([0x1a, 0x02, 0x12, 0x00], REPEATED));
    expect(unknown.unknown).toHaveLength(REPEATED);
    expect((frames.body.value as envelope.Frames).frames).toHaveLength(REPEATED);
    expect(envelope.createFrames().frames).toHaveLength(0);
  });
});
