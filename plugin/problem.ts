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

/** Where a part of `desc` stands: `path/file.proto:LINE`, counted from 1; the nearest part above that has a location. */
function positionOf(desc: PlacedDesc, path: readonly number[]): string {
  const file = fileOf(desc);
  const whole = [...getComments(desc).sourcePath, ...path];
  for (let length = whole.length; length > 0; length--) {
    const location = file.proto.sourceCodeInfo?.location.find(
      (candidate) => candidate.path.length === length && candidate.path.every((step, i) => step === whole[i]),
    );
    if (location?.span[0] !== undefined) return `${file.proto.name}:${location.span[0] + 1}`;
  }
  return file.proto.name;
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
