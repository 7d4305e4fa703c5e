import type { DescEnum } from "@bufbuild/protobuf";

/**
 * The name of a value of an enum as people read it, such as `waiting for permission`. Of one that this version does not know
 * its number.
 */
export function nameOf(desc: DescEnum, number: number): string {
  const name = desc.value[number]?.name;
  if (name === undefined) return `${number}`;
  return name
    .slice(desc.sharedPrefix?.length ?? 0)
    .toLowerCase()
    .replaceAll("_", " ");
}
