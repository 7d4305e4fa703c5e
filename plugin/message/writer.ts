import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { type CodecField, type CodecMessage, tagOf, type ValueKind } from "./message.ts";
import { codeName, type MessageRuntime } from "./runtime.ts";

/** Prints the function that writes a message. */
export function printWriter(f: GeneratedFile, { desc, fields }: CodecMessage, runtime: MessageRuntime): void {
  f.print(f.jsDoc(`Writes a ${desc.typeName}, or what a caller gives in its place.`));
  const parameters = ["(w: ", runtime.WireWriter, ", m: ", runtime.Loose, "): void {"];
  f.print(f.export("function", codeName(f, "write", desc)), ...parameters);
  f.print(`  w.begin(m, ${JSON.stringify(desc.typeName)});`);
  for (const { localName } of desc.oneofs) {
    f.print(
      `  const ${localName} = m.${localName} as { readonly case?: unknown; readonly value?: unknown } | undefined;`,
    );
  }
  for (const field of fields) printField(f, field, runtime);
  f.print("  w.unknown(m);");
  f.print("}");
  f.print();
}

function printField(f: GeneratedFile, field: CodecField, runtime: MessageRuntime): void {
  const { desc, kind, tag } = field;
  const value = `m.${desc.localName}`;
  if (desc.fieldKind === "map") {
    f.print(
      `  w.map(${tag}, ${value}, ${tagOf(2, kind)}, (w, tag, value) => `,
      putValue(field, "tag", "value", runtime),
      ");",
    );
  } else if (desc.fieldKind === "list" && desc.packed) {
    const put = putValue(field, "tag", "value", runtime);
    f.print(`  w.packed(${tagOf(desc.number, "data")}, ${value}, (w, tag, value) => `, put, ");");
  } else if (desc.fieldKind === "list") {
    f.print(`  for (const value of w.items(${value})) `, putValue(field, `${tag}`, "value", runtime), ";");
  } else if (desc.oneof !== undefined) {
    const oneof = desc.oneof.localName;
    const put = putValue(field, `${tag}`, `${oneof}.value`, runtime);
    f.print(`  if (${oneof} !== undefined && ${oneof}.case === "${desc.localName}") `, put, ";");
  } else if (desc.proto.proto3Optional) {
    f.print(`  if (${value} !== undefined) `, putValue(field, `${tag}`, value, runtime), ";");
  } else if (kind === "message" && desc.message !== undefined) {
    f.print(`  w.message(${tag}, ${value}, `, runtime.code("write", desc.message), ");");
  } else {
    f.print(`  w.${kind}(${tag}, ${value});`);
  }
}

/** Writes a value, whatever it is. */
function putValue({ desc, kind }: CodecField, tag: string, value: string, runtime: MessageRuntime): Printable {
  const more = desc.message === undefined ? [] : [", ", runtime.code("write", desc.message)];
  return [`w.${putName(kind)}(${tag}, ${value}`, ...more, ")"];
}

function putName(kind: ValueKind): string {
  return `put${kind[0]?.toUpperCase()}${kind.slice(1)}`;
}
