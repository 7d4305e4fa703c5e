import type { DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, ImportSymbol } from "@bufbuild/protoplugin";

const HELPERS = ["assumeNone", "enter", "keepUnknown", "leave", "readFixed64", "readKey", "readVarint64"] as const;

/** What generated code is made of. */
export interface MessageRuntime {
  /** The functions of `src/wire/message-codec.ts`. */
  readonly helpers: Readonly<Record<(typeof HELPERS)[number], ImportSymbol>>;
  readonly WireReader: ImportSymbol;
  readonly WireWriter: ImportSymbol;
  readonly UnknownField: ImportSymbol;
  readonly Loose: ImportSymbol;
  readonly MessageCodes: ImportSymbol;
  /** The function that reads or writes a message. */
  code(verb: "read" | "write", desc: DescMessage): ImportSymbol;
}

/** @param folder The folder `src`, relative to the one that is generated into. */
export function createMessageRuntime(f: GeneratedFile, folder: string): MessageRuntime {
  const from = `./${folder}/wire`;
  const library = `${from}/message-codec.js`;
  const helpers = Object.fromEntries(HELPERS.map((name) => [name, f.import(name, library)]));
  return {
    helpers: helpers as MessageRuntime["helpers"],
    WireReader: f.import("WireReader", `${from}/codec.js`, true),
    UnknownField: f.import("UnknownField", `${from}/codec.js`, true),
    WireWriter: f.import("WireWriter", `${from}/wire-writer.js`, true),
    Loose: f.import("Loose", `${from}/wire-writer.js`, true),
    MessageCodes: f.import("MessageCodes", library, true),
    code(verb, desc) {
      const isOurs = !desc.typeName.startsWith("google.protobuf.");
      return f.import(codeName(f, verb, desc), isOurs ? `./${desc.file.name}_codec.js` : library);
    },
  };
}

/** The name of such a function. */
export function codeName(f: GeneratedFile, verb: "read" | "write", desc: DescMessage): string {
  return `${verb}${f.importShape(desc).name}`;
}
