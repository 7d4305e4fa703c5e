import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { EnvelopeMessage } from "./envelope.ts";
import { printReader } from "./reader.ts";
import { createCodecRuntime } from "./runtime.ts";
import { printShape } from "./shapes.ts";
import { printWriter } from "./writer.ts";

/**
 * Prints the specialised codec of an envelope: shapes with `number` for 64-bit integers and views for bytes, and
 * functions that decode, measure, write and encode them. `runtimePath` is the path of `src/wire/codec.ts`, relative to
 * the folder that is generated into.
 */
export function printCodec(f: GeneratedFile, messages: readonly EnvelopeMessage[], runtimePath: string): void {
  const runtime = createCodecRuntime(f, runtimePath);
  for (const message of messages) {
    printShape(f, message, runtime);
    printReader(f, message, runtime);
    printWriter(f, message, runtime);
  }
}
