import { readFileSync } from "node:fs";
import type { DescEnum } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HostStatusSchema } from "../../../gen/moorline/state/v1/fleet_pb.ts";
import { PresentationSchema } from "../../../gen/moorline/state/v1/presentation_pb.ts";
import {
  HostErrorReasonSchema,
  HostFailureReasonSchema,
  SetAsideReasonSchema,
} from "../../../gen/moorline/state/v1/reason_pb.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const page = read("docs/guides/show-a-host.md");

/** The text under a heading, until the next one. */
function sectionOf(heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
}

/** Names of an enum that a text does not have in backquotes. @param but Names that need not be there. */
function missingIn(text: string, { values }: DescEnum, ...but: readonly string[]): string[] {
  return values
    .map(({ localName }) => localName)
    .filter((name) => !but.includes(name) && !text.includes(`\`${name}\``));
}

describe("docs/guides/show-a-host.md", () => {
  it("says of every presentation what it means for a view", () => {
    const rows = [...sectionOf("What a presentation means for a view").matchAll(/^\| `([A-Z_]+)` \|/gm)];
    const names = PresentationSchema.values.map(({ localName }) => localName);
    expect(rows.map(([, name]) => name).sort()).toEqual(names.sort());
  });

  it.each([HostStatusSchema, HostErrorReasonSchema, HostFailureReasonSchema, SetAsideReasonSchema])(
    "has every value of $name",
    (schema) => expect(missingIn(sectionOf("What is wrong with a host"), schema, "UNSPECIFIED")).toEqual([]),
  );

  it("names only errors that there are", () => {
    const known = read("src/wire/moorline-error.ts") + read("src/wire/node-actions.ts") + read("docs/errors.md");
    const rows = sectionOf("What promises and constructors reject with").match(/^\| `.*?\|/gm) ?? [];
    const codes = rows.flatMap((row) => row.match(/[A-Z]+_[A-Z_]+|DISPOSED/g) ?? []);
    expect(codes.length).toBeGreaterThan(8);
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
    const details = [...sectionOf("What calls and intents reject with").matchAll(/`([A-Z]\w+)`/g)].map(
      ([, name]) => name,
    );
    const unknown = details.filter((name) => name !== "ConnectError" && !known.includes(`### ${name}`));
    expect(unknown).toEqual([]);
  });
});
