import type { GeneratedFile, ImportSymbol } from "@bufbuild/protoplugin";

const VALUES = [
  "WireReader",
  "growable",
  "mergeBytes",
  "sizeDelimited",
  "sizeInt32",
  "sizeString",
  "sizeUint32",
  "sizeUint64",
  "sizeUnknown",
  "writeBytes",
  "writeInt32",
  "writeString",
  "writeUnknown",
  "writeVarint",
] as const;

/** The symbols of `src/wire/codec.ts` that generated codecs use. */
export type CodecRuntime = Readonly<Record<(typeof VALUES)[number] | "UnknownField", ImportSymbol>>;

/** Makes the symbols; `from` is the path of the module, relative to the folder that is generated into. */
export function createCodecRuntime(f: GeneratedFile, from: string): CodecRuntime {
  const values = VALUES.map((name) => [name, f.import(name, from)] as const);
  return { ...Object.fromEntries(values), UnknownField: f.import("UnknownField", from, true) } as CodecRuntime;
}
