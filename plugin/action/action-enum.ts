import type { DescEnum, DescEnumValue, DescFile } from "@bufbuild/protobuf";
import type { OptionReader } from "../options.ts";
import { problemAt } from "../problem.ts";

/** A value of an enum of reasons, with what to do about it. */
export interface ActionValue {
  readonly desc: DescEnumValue;
  /** Undefined where something else says what to do. */
  readonly action: string | undefined;
}

/** An enum of reasons that is no enum of close codes. */
export interface ActionEnum {
  readonly desc: DescEnum;
  /** All values but that of 0. */
  readonly values: readonly ActionValue[];
}

/**
 * Finds the enums of `file` that have a value with the option `action` and none with `retry`. Appends what is wrong with
 * them to `problems`.
 */
export function findActionEnums(file: DescFile, options: OptionReader, problems: string[]): ActionEnum[] {
  const has = (desc: DescEnum, option: "action" | "retry"): boolean =>
    desc.values.some((value) => options.enumValue(value, option) !== undefined);
  return file.enums
    .filter((desc) => has(desc, "action") && !has(desc, "retry"))
    .map((desc) => ({ desc, values: readValues(desc, options, problems) }));
}

function readValues(desc: DescEnum, options: OptionReader, problems: string[]): ActionValue[] {
  const values: ActionValue[] = [];
  for (const value of desc.values) {
    const action = options.enumValue(value, "action");
    if (action === "") problems.push(problemAt(value, `${value.name} has an empty \`action\``));
    if (value.number !== 0) values.push({ desc: value, action });
    else if (action !== undefined) problems.push(problemAt(value, `${value.name} is not set, and has an \`action\``));
  }
  return values;
}
