import type { DescEnum, DescEnumValue, DescFile } from "@bufbuild/protobuf";
import type { CodeRange, OptionReader } from "../options.ts";
import { problemAt } from "../problem.ts";

const GRPC_INTERNAL = 13;
const GRPC_LARGEST = 16;

/** A verdict with the range of codes that have it. */
export interface VerdictRange extends CodeRange {
  readonly verdict: DescEnumValue;
}

/** A close code with its options. */
export interface CloseCode {
  readonly desc: DescEnumValue;
  /** The name without the prefix of the enum. */
  readonly name: string;
  readonly verdict: DescEnumValue;
  readonly grpcStatus: number;
  readonly rejection: boolean;
  readonly action: string;
}

/** An enum of close codes. */
export interface CloseCodeEnum {
  readonly desc: DescEnum;
  readonly codes: readonly CloseCode[];
  readonly ranges: readonly VerdictRange[];
}

/** Finds the enums of `file` that have a value with the option `retry`. Appends what is wrong with them to `problems`. */
export function findCloseCodes(file: DescFile, options: OptionReader, problems: string[]): CloseCodeEnum[] {
  const found = file.enums.filter((desc) =>
    desc.values.some((value) => options.enumValue(value, "retry") !== undefined),
  );
  if (found.length === 0) return [];
  const ranges = readRanges(options, problems);
  return found.map((desc) => ({ desc, ranges, codes: readCodes(desc, ranges, options, problems) }));
}

function readRanges(options: OptionReader, problems: string[]): VerdictRange[] {
  const ranges: VerdictRange[] = [];
  for (const verdict of options.verdicts?.values ?? []) {
    const range = options.enumValue(verdict, "range");
    if (range === undefined) continue;
    const { first, last } = range;
    if (first > last) problems.push(problemAt(verdict, `the range of ${verdict.name} ends before it begins`));
    const other = ranges.find((before) => first <= before.last && before.first <= last);
    if (other) problems.push(problemAt(verdict, `the ranges of ${other.verdict.name} and ${verdict.name} overlap`));
    ranges.push({ verdict, first, last });
  }
  return ranges;
}

function readCodes(
  desc: DescEnum,
  ranges: readonly VerdictRange[],
  options: OptionReader,
  problems: string[],
): CloseCode[] {
  const codes: CloseCode[] = [];
  for (const value of desc.values) {
    if (value.number === 0) continue;
    const range = ranges.find(({ first, last }) => value.number >= first && value.number <= last);
    const grpcStatus = options.enumValue(value, "grpc_status") ?? GRPC_INTERNAL;
    const action = options.enumValue(value, "action") ?? "";
    if (range === undefined) problems.push(problemAt(value, `${value.name} is in no range of a verdict`));
    else if (options.enumValue(value, "retry") !== range.verdict.number) {
      problems.push(problemAt(value, `${value.name} is in the range of ${range.verdict.name}, but \`retry\` differs`));
    }
    if (action === "") problems.push(problemAt(value, `${value.name} has no \`action\``));
    if (grpcStatus < 1 || grpcStatus > GRPC_LARGEST) {
      problems.push(problemAt(value, `${value.name} has no gRPC status of an error`));
    }
    const rejection = options.enumValue(value, "rejection") ?? false;
    if (range)
      codes.push({ desc: value, name: value.localName, verdict: range.verdict, grpcStatus, rejection, action });
  }
  return codes;
}
