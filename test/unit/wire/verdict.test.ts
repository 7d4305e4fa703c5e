import { type DescEnumValue, type DescExtension, type FileRegistry, getOption, hasOption } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { type CloseCodeName, closeCodeActions } from "../../../gen/moorline/session/v1/close_code_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { nameOfCode, verdictOf } from "../../../src/wire/verdict.ts";
import { buildProtos } from "./build-protos.ts";

const names = Object.keys(CloseCode).filter((name): name is CloseCodeName => name !== "UNSPECIFIED");

describe("verdictOf", () => {
  it.each([
    [4000, RetryVerdict.NOW],
    [4099, RetryVerdict.NOW],
    [4100, RetryVerdict.BACKOFF],
    [4199, RetryVerdict.BACKOFF],
    [4200, RetryVerdict.REFRESH_CREDENTIAL],
    [4299, RetryVerdict.REFRESH_CREDENTIAL],
    [4300, RetryVerdict.NEW_CHANNEL],
    [4399, RetryVerdict.NEW_CHANNEL],
    [4400, RetryVerdict.STOP],
    [4499, RetryVerdict.STOP],
    [4500, RetryVerdict.ASK_USER],
    [4599, RetryVerdict.ASK_USER],
  ])("of %i, known or not, follows from its range [CLOSE-1]", (code, verdict) => {
    expect(verdictOf(code)).toBe(verdict);
  });

  it.each([0, 1000, 1005, 1006, 1015, 3999, 4600, 4999, 65_535, -1, 4099.5, Number.NaN])(
    "of %d, outside every range, is that of INTERNAL [CLOSE-1]",
    (code) => {
      expect(verdictOf(code)).toBe(verdictOf(CloseCode.INTERNAL));
      expect(verdictOf(code)).toBe(RetryVerdict.BACKOFF);
    },
  );
});

describe("close codes", () => {
  let registry: FileRegistry;
  beforeAll(() => {
    registry = buildProtos();
  });

  function optionOf(value: DescEnumValue | undefined, name: string): unknown {
    const extension = registry.getExtension(`moorline.schema.v1.${name}`) as DescExtension;
    if (value === undefined || !hasOption(value, extension)) throw new Error(`${value} has no ${name}`);
    return getOption(value, extension);
  }

  it.each(names)("%s has name, verdict and action of its descriptor [SCHEMA-1]", (name) => {
    const value = registry.getEnum("moorline.session.v1.CloseCode")?.value[CloseCode[name]];
    expect(`CLOSE_CODE_${nameOfCode(CloseCode[name])}`).toBe(value?.name);
    expect(verdictOf(CloseCode[name])).toBe(optionOf(value, "retry"));
    expect(closeCodeActions[name]).toBe(optionOf(value, "action"));
  });

  it("covers every code of the descriptor [SCHEMA-1]", () => {
    const values = registry.getEnum("moorline.session.v1.CloseCode")?.values ?? [];
    expect(values.map(({ number }) => number)).toEqual([0, ...names.map((name) => CloseCode[name])]);
  });

  it.each([0, 1006, 4150, 4999, Number.NaN])("has no name for %d [CLOSE-1]", (code) => {
    expect(nameOfCode(code)).toBeUndefined();
  });
});
