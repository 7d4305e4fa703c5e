import { globSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import {
  create,
  createRegistry,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  getOption,
  type JsonValue,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { RegisterPushTokenRequestSchema } from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { CallOpenSchema, ClientHelloSchema, GoAwaySchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { type AttachRequest, AttachRequestSchema } from "../../../gen/moorline/session/v1/service_pb.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { isSecretField, isSecretHeader, REDACTED, redact } from "../../../src/wire/redact.ts";
import { buildProtos } from "./build-protos.ts";

const SECRET = "s3cretS3cretS3cretS3cret";
const USER_PROTO = `
syntax = "proto3";
package user.v1;
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "moorline/schema/v1/options.proto";

message Vault {
  string open = 1;
  string code = 2 [(moorline.schema.v1.secret) = true];
  bytes raw = 3 [(moorline.schema.v1.secret) = true];
  repeated string list = 4 [(moorline.schema.v1.secret) = true];
  map<string, string> map = 5 [(moorline.schema.v1.secret) = true];
  Vault whole = 6 [(moorline.schema.v1.secret) = true];
  int32 number = 7 [(moorline.schema.v1.secret) = true];
  oneof choice {
    string chosen = 8 [(moorline.schema.v1.secret) = true];
    Vault inner = 9;
  }
  optional string maybe = 10 [(moorline.schema.v1.secret) = true];
  repeated Vault vaults = 11;
  map<string, Vault> by_name = 12;
  string plain = 13 [(moorline.schema.v1.secret) = false];
}

enum Colour {
  COLOUR_UNSPECIFIED = 0;
  COLOUR_RED = 1;
}

message Everything {
  uint64 big = 1;
  double real = 2;
  bytes id = 3;
  bytes payload = 4;
  Colour colour = 5;
  Colour unknown_colour = 6;
  bool flag = 7;
  map<int32, Colour> colours = 8;
  google.protobuf.Timestamp at = 9;
  google.protobuf.Struct data = 10;
  google.protobuf.Any any = 11;
  google.protobuf.BytesValue wrapped = 12;
  google.protobuf.StringValue text = 13;
  repeated bool flags = 14;
}
`;

let registry: FileRegistry;
beforeAll(() => {
  registry = buildProtos({ "user.proto": USER_PROTO });
});

function messageDesc(name: string): DescMessage {
  const desc = registry.getMessage(name);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

const redactJson = (name: string, json: JsonValue): JsonValue =>
  redact(messageDesc(name), fromJson(messageDesc(name), json));

describe("redact: messages of Moorline", () => {
  const hello = create(ClientHelloSchema, {
    sessionKey: SECRET,
    credential: { case: "bearerToken", value: `token-${SECRET}` },
    client: { name: "exec-cli" },
    freshChannelId: Uint8Array.of(0, 1, 254, 255),
  });

  it("shows a hello without key and token [SCHEMA-2] [LOG-3]", () => {
    expect(redact(ClientHelloSchema, hello)).toEqual({
      sessionKey: REDACTED,
      bearerToken: REDACTED,
      client: { name: "exec-cli" },
      freshChannelId: "0001feff",
    });
  });

  it("lets no sink have the key or the token of a hello [SCHEMA-2] [LOG-3] [INV-2]", () => {
    const attach = create(AttachRequestSchema, { packet: { body: { case: "hello", value: hello } } });
    for (const shown of sinksOf(attach)) {
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 20));
      expect(shown).not.toContain(Buffer.from(SECRET).toString("hex").slice(0, 20));
    }
  });

  /** The same message in every shape that a log may be given. */
  function sinksOf(attach: AttachRequest): string[] {
    const bytes = toBinary(ClientHelloSchema, hello);
    const open = create(CallOpenSchema, { method: "a.B/C", message: bytes, idempotencyKey: "k" });
    const thrown = [MoorlineError.from(attach), MoorlineError.from(SECRET), MoorlineError.from(bytes)];
    const plain = [redact(AttachRequestSchema, attach), redact(CallOpenSchema, open)];
    return [
      ...plain.flatMap((value) => [JSON.stringify(value), inspect(value, { depth: Number.POSITIVE_INFINITY })]),
      ...thrown.flatMap((error) => [String(error), JSON.stringify(error), `${error.stack}`]),
      ...thrown.map((error) => inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })),
    ];
  }

  it("hides headers that carry a key or a credential, whatever their case [LOG-3]", () => {
    const open = create(CallOpenSchema, {
      method: "a.B/C",
      headers: [
        { name: "moorline-session-key", value: SECRET },
        { name: "Authorization", value: `Bearer ${SECRET}` },
        { name: "traceparent", value: "00-1-2-3" },
      ],
    });
    expect(redact(CallOpenSchema, open)).toEqual({
      method: "a.B/C",
      headers: [
        { name: "moorline-session-key", value: REDACTED },
        { name: "Authorization", value: REDACTED },
        { name: "traceparent", value: "00-1-2-3" },
      ],
    });
    expect(["Cookie", "set-cookie", "PROXY-AUTHORIZATION"].every(isSecretHeader)).toBe(true);
    expect(isSecretHeader("x-request-id")).toBe(false);
  });

  it("shows payloads as their length only [LOG-3]", () => {
    const open = create(CallOpenSchema, { method: "a.B/C", message: new Uint8Array(17) });
    expect(redact(CallOpenSchema, open)).toEqual({ method: "a.B/C", message: "[17 bytes]" });
  });

  it("shows an unknown enum value as its number and leaves unknown fields out [VER-2] [LOG-3]", () => {
    const future = fromBinary(GoAwaySchema, Uint8Array.of(0x08, 0xb6, 0x20, 0x7a, 0x03, 0x61, 0x62, 0x63));
    expect(redact(GoAwaySchema, future)).toEqual({ code: 4150 });
  });
});

describe("redact: every field of every proto", () => {
  let generated: Registry;
  beforeAll(async () => {
    const root = fileURLToPath(new URL("../../../gen", import.meta.url));
    const modules = globSync("moorline/**/*_pb.ts", { cwd: root }).map(
      async (path) => (await import(pathToFileURL(`${root}/${path}`).href)) as Record<string, unknown>,
    );
    const files = (await Promise.all(modules)).flatMap((module) => Object.values(module).filter(isFile));
    generated = createRegistry(...files);
  });

  it("knows exactly the secret ones, from the generated code alone [SCHEMA-2]", () => {
    const marked = fieldsOf(registry).filter(hasSecretOption).map(String);
    expect(fieldsOf(generated).filter(isSecretField).map(String)).toEqual(marked);
    expect(marked).toContain("field moorline.session.v1.ClientHello.session_key");
    expect(marked).toContain("field moorline.session.v1.ClientHello.bearer_token");
  });

  function isFile(value: unknown): value is DescFile {
    return (value as DescFile | undefined)?.kind === "file";
  }

  function fieldsOf(from: Registry): DescField[] {
    const messages = [...from].filter((desc): desc is DescMessage => desc.kind === "message");
    return messages
      .filter(({ typeName }) => typeName.startsWith("moorline."))
      .flatMap(({ fields }) => fields)
      .sort((a, b) => (String(a) < String(b) ? -1 : 1));
  }

  function hasSecretOption(field: DescField): boolean {
    return getOption(field, registry.getExtension("moorline.schema.v1.secret") as DescExtension) === true;
  }
});

describe("redact: messages of users", () => {
  const vault = {
    open: "shown",
    code: SECRET,
    raw: Buffer.from(SECRET).toString("base64"),
    list: [SECRET],
    map: { [SECRET]: SECRET },
    whole: { open: SECRET },
    number: 4711,
    maybe: "",
    plain: "shown too",
  };
  const shown = {
    open: "shown",
    code: REDACTED,
    raw: REDACTED,
    list: REDACTED,
    map: REDACTED,
    whole: REDACTED,
    number: REDACTED,
    maybe: REDACTED,
    plain: "shown too",
  };

  it("hides secrets of every kind: strings, bytes, numbers, lists, maps, whole messages [SCHEMA-2]", () => {
    expect(redactJson("user.v1.Vault", vault)).toEqual(shown);
  });

  it("hides them at any depth: in oneofs, lists and maps of messages [SCHEMA-2]", () => {
    const nested = { inner: { vaults: [vault, { byName: { a: vault, b: { chosen: SECRET } } }] } };
    expect(redactJson("user.v1.Vault", nested)).toEqual({
      inner: { vaults: [shown, { byName: { a: shown, b: { chosen: REDACTED } } }] },
    });
  });

  it("shows everything else like protobuf's JSON, in what JSON can hold", () => {
    const json = redactJson("user.v1.Everything", {
      big: "18446744073709551615",
      real: "NaN",
      id: "AAH+/w==",
      payload: Buffer.from(SECRET).toString("base64"),
      colour: "COLOUR_RED",
      unknownColour: 7,
      flag: true,
      colours: { "3": "COLOUR_RED" },
      at: "2024-01-01T00:00:00Z",
      data: { a: [1, null, { b: "c" }] },
      wrapped: Buffer.from(SECRET).toString("base64"),
      text: "text",
      flags: [true, false],
    });
    expect(json).toEqual({
      big: "18446744073709551615",
      real: "NaN",
      id: "0001feff",
      payload: "[24 bytes]",
      colour: "COLOUR_RED",
      unknownColour: 7,
      flag: true,
      colours: { "3": "COLOUR_RED" },
      at: "2024-01-01T00:00:00Z",
      data: { a: [1, null, { b: "c" }] },
      wrapped: { value: "[24 bytes]" },
      text: "text",
      flags: [true, false],
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  it("shows nothing of what an Any has in it, however short [SCHEMA-2] [LOG-3]", () => {
    const inner = toBinary(RegisterPushTokenRequestSchema, create(RegisterPushTokenRequestSchema, { token: "push-1" }));
    const desc = messageDesc("user.v1.Everything");
    const message = create(desc, { any: { $typeName: "google.protobuf.Any", typeUrl: "x/y", value: inner } } as never);
    expect(inner.length).toBeLessThan(16);
    expect(redact(desc, message)).toEqual({ any: { typeUrl: "x/y", value: `[${inner.length} bytes]` } });
  });

  it("throws for nothing that comes over the wire: a time out of range, an Any of an unknown type", () => {
    const desc = messageDesc("user.v1.Everything");
    const message = fromBinary(desc, Uint8Array.of(0x4a, 0x02, 0x10, 0x7f, 0x5a, 0x04, 0x0a, 0x02, 0x78, 0x2f));
    expect(redact(desc, message)).toEqual({ at: expect.any(String), any: { typeUrl: "x/" } });
    const late = fromBinary(desc, Uint8Array.of(0x4a, 0x08, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f));
    expect(redact(desc, late)).toEqual({ at: "[malformed]" });
  });
});
