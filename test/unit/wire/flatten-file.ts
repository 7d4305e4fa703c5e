import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

type Flat = Readonly<Record<string, unknown>>;

/** What a file and everything in it say, for comparison: other descriptors by their names, functions by what they return. */
export function flattenFile(file: DescFile): Flat[] {
  return [file, ...nestedTypes(file)].filter(({ kind }) => kind !== "extension").flatMap(flattenParts);
}

function flattenParts(desc: AnyDesc): Flat[] {
  switch (desc.kind) {
    case "message":
      return [desc, ...desc.fields, ...desc.oneofs].map(flatten);
    case "enum":
      return [desc, ...desc.values].map(flatten);
    case "service":
      return [desc, ...desc.methods].map(flatten);
    default:
      return [flatten(desc)];
  }
}

function flatten(desc: AnyDesc): Flat {
  return Object.fromEntries(Object.entries(desc).map(([key, value]) => [key, flattenValue(value, desc)]));
}

function flattenValue(value: unknown, owner: AnyDesc): unknown {
  if (typeof value === "function") return value.call(owner);
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== "object" || value === null) return value;
  if ("kind" in value) return String(value);
  if ("$typeName" in value && "name" in value) return `${value.$typeName} ${value.name}`;
  return Object.entries(value).map(([key, each]) => [key, String(each)]);
}
