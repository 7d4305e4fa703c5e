import { create } from "@bufbuild/protobuf";
import { CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import type { Plugin, Schema } from "@bufbuild/protoplugin";
import { createEcmaScriptPlugin } from "@bufbuild/protoplugin";
import { printActions } from "./action/print.ts";
import { printCloseCodes } from "./close-code/print.ts";
import { printCodec } from "./codec/codec.ts";
import type { Contract, FileContract } from "./contract.ts";
import { readContract } from "./contract.ts";
import { printErrorDocs } from "./docs/errors.ts";
import { printStateDocs } from "./docs/states.ts";
import { printPlainTypes } from "./machine/plain.ts";
import { printMachine } from "./machine/print.ts";
import { findMessages } from "./message/message.ts";
import { printMessages } from "./message/print.ts";
import { SchemaError } from "./problem.ts";
import { printSecrets } from "./secrets.ts";

/** What the plugin may be told in `buf.gen.yaml`. */
interface PluginOptions {
  /** `runtime=PATH`: the folder `src`, relative to the folder that is generated into. Default `../src`. */
  readonly runtime: string;
  /** `docs`: write `states.md` and `errors.md` in place of code. Default: code. */
  readonly docs: boolean;
  /** `codecs=PACKAGE`, once or more: write the code of all messages of the package, as `<file>_codec.ts`, and nothing else. Default: of none. */
  readonly codecs: readonly string[];
}

const SECRETS_FILE = "moorline/schema/v1/secrets_moorline.ts";

const generator = createEcmaScriptPlugin<PluginOptions>({
  name: "protoc-gen-moorline",
  version: "v1",
  parseOptions,
  generateTs(schema) {
    const contract = readContract(schema.files, schema.allFiles);
    if (schema.options.docs) generateDocs(schema, contract);
    else if (schema.options.codecs.length > 0) generateCodecs(schema);
    else generateCode(schema, contract);
  },
});

/**
 * protoc-gen-moorline. For each proto file that has a machine, close codes, reasons with actions or specialised messages it writes
 * `<file>_moorline.ts`, and one table of all secret fields. Where the schema is wrong, the answer is an error with one
 * line for each problem, `path/file.proto:LINE: message`, and no file.
 */
export const plugin: Plugin = {
  name: generator.name,
  version: generator.version,
  run(request) {
    try {
      return generator.run(request);
    } catch (error) {
      if (error instanceof SchemaError) return create(CodeGeneratorResponseSchema, { error: error.message });
      throw error;
    }
  },
};

function parseOptions(raw: { key: string; value: string }[]): PluginOptions {
  let options: PluginOptions = { runtime: "../src", docs: false, codecs: [] };
  for (const { key, value } of raw) {
    if (key === "runtime") options = { ...options, runtime: value };
    else if (key === "codecs") options = { ...options, codecs: [...options.codecs, value] };
    else if (key === "docs" && value === "") options = { ...options, docs: true };
    else throw new Error(`unknown option ${key}`);
  }
  return options;
}

function generateCode(schema: Schema<PluginOptions>, contract: Contract): void {
  for (const file of contract.files) generateFile(schema, file);
  if (contract.secrets.length > 0) printSecrets(schema.generateFile(SECRETS_FILE), contract.secrets);
}

function generateFile(schema: Schema<PluginOptions>, contract: FileContract): void {
  const { file, machines, closeCodes, actions, envelope } = contract;
  if (machines.length + closeCodes.length + actions.length + envelope.length === 0) return;
  const f = schema.generateFile(`${file.name}_moorline.ts`);
  f.preamble(file);
  for (const machine of machines) printMachine(f, machine);
  if (machines.length > 0) printPlainTypes(f, file, `./${schema.options.runtime}/core/plain.js`);
  for (const closeCode of closeCodes) printCloseCodes(f, closeCode);
  for (const each of actions) printActions(f, each);
  if (envelope.length > 0) printCodec(f, envelope, `./${schema.options.runtime}/wire/codec.js`);
}

function generateCodecs(schema: Schema<PluginOptions>): void {
  const files = schema.files.filter(({ proto }) => schema.options.codecs.includes(proto.package));
  const problems: string[] = [];
  const found = files.map((file) => ({ file, messages: findMessages(file, problems) }));
  if (problems.length > 0) throw new SchemaError(problems);
  for (const { file, messages } of found) {
    if (messages.length === 0) continue;
    const f = schema.generateFile(`${file.name}_codec.ts`);
    f.preamble(file);
    printMessages(f, file, messages, schema.options.runtime);
  }
}

function generateDocs(schema: Schema<PluginOptions>, contract: Contract): void {
  printStateDocs(schema.generateFile("states.md"), contract);
  printErrorDocs(schema.generateFile("errors.md"), contract);
}
