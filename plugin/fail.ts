import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

type SourceDesc = Exclude<AnyDesc, DescFile>;

/** The schema says something that cannot be. The message begins with the file and the line. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SchemaError";
  }
}

/** Makes the error for `desc`: `path/file.proto:LINE: message`. Without source info the line is left out. */
export function schemaError(desc: SourceDesc, message: string): SchemaError {
  return new SchemaError(`${positionOf(desc)}: ${message}`);
}

/** Where `desc` stands: `path/file.proto:LINE`, the line counted from 1. */
export function positionOf(desc: SourceDesc): string {
  const file = fileOf(desc);
  const path = getComments(desc).sourcePath;
  const location = file.proto.sourceCodeInfo?.location.find(
    (candidate) => candidate.path.length === path.length && candidate.path.every((step, i) => step === path[i]),
  );
  const line = location?.span[0];
  return line === undefined ? file.proto.name : `${file.proto.name}:${line + 1}`;
}

function fileOf(desc: SourceDesc): DescFile {
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
