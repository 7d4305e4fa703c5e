import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

/** A descriptor that stands somewhere in a file. */
export type PlacedDesc = Exclude<AnyDesc, DescFile>;

/** The schema says something that cannot be. Every line of the message begins with a file and a line number. */
export class SchemaError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "SchemaError";
  }
}

/**
 * Says what is wrong with `desc`, as `path/file.proto:LINE: message`.
 * @param path Steps below `desc` in SourceCodeInfo, for example to a part of an option. Default: `desc` itself.
 */
export function problemAt(desc: PlacedDesc, message: string, path: readonly number[] = []): string {
  return `${positionOf(desc, path)}: ${message}`;
}

/**
 * Where a part of `desc` stands: `path/file.proto:LINE`, counted from 1. Without a location of its own, that of the list
 * it is in, which stands at the place of the first element; or else of the nearest part above.
 */
function positionOf(desc: PlacedDesc, path: readonly number[]): string {
  const file = fileOf(desc);
  const whole = [...getComments(desc).sourcePath, ...path];
  for (let length = whole.length; length > 0; length--) {
    const part = whole.slice(0, length);
    const line = lineOf(file, part) ?? lineOf(file, [...part.slice(0, -1), 0]);
    if (line !== undefined) return `${file.proto.name}:${line}`;
  }
  return file.proto.name;
}

function lineOf(file: DescFile, path: readonly number[]): number | undefined {
  const location = file.proto.sourceCodeInfo?.location.find(
    (candidate) => candidate.path.length === path.length && candidate.path.every((step, i) => step === path[i]),
  );
  return location?.span[0] === undefined ? undefined : location.span[0] + 1;
}

function fileOf(desc: PlacedDesc): DescFile {
  switch (desc.kind) {
    case "field":
    case "oneof":
    case "rpc":
    case "enum_value":
      return desc.parent.file;
    default:
      return desc.file;
  }
}
