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

/** How many of something there are, as people say it: `1 line`, `1,204 lines`. @param noun In the singular. */
export function toCounted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : `${noun}s`}`;
}
