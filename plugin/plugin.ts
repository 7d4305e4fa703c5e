import type { DescFile } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import { createEcmaScriptPlugin } from "@bufbuild/protoplugin";
import { printCodec } from "./codec/codec.ts";
import { findEnvelope } from "./codec/envelope.ts";
import type { OptionReader } from "./options.ts";
import { createOptionReader } from "./options.ts";

/** What the plugin may be told in `buf.gen.yaml`. */
interface PluginOptions {
  /** `runtime=PATH`: the folder `src`, relative to the folder that is generated into. Default `../src`. */
  readonly runtime: string;
}

/** protoc-gen-moorline. For each proto file that has something for it, writes `<file>_moorline.ts`. */
export const plugin = createEcmaScriptPlugin<PluginOptions>({
  name: "protoc-gen-moorline",
  version: "v1",
  parseOptions,
  generateTs(schema) {
    const options = createOptionReader(schema.allFiles);
    for (const file of schema.files) generateFile(schema, file, options);
  },
});

function parseOptions(raw: { key: string; value: string }[]): PluginOptions {
  let runtime = "../src";
  for (const { key, value } of raw) {
    if (key !== "runtime") throw new Error(`unknown option ${key}`);
    runtime = value;
  }
  return { runtime };
}

function generateFile(schema: Schema<PluginOptions>, file: DescFile, options: OptionReader): void {
  const envelope = findEnvelope(file, options);
  if (envelope.length === 0) return;
  const f = schema.generateFile(`${file.name}_moorline.ts`);
  f.preamble(file);
  printCodec(f, envelope, `./${schema.options.runtime}/wire/codec.js`);
}
