import type { DescFile } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { GeneratedFile } from "@bufbuild/protoplugin";
import { safeIdentifier } from "@bufbuild/protoplugin";
import type { CodecMessage } from "./message.ts";
import { printReader } from "./reader.ts";
import { createMessageRuntime } from "./runtime.ts";
import { printWriter } from "./writer.ts";

/**
 * Prints the code that reads and writes the messages of a file, straight down their fields, and the table of it. It leaves to the
 * general codec what is malformed or rare.
 * @param folder The folder `src`, relative to the one that is generated into.
 */
export function printMessages(
  f: GeneratedFile,
  file: DescFile,
  messages: readonly CodecMessage[],
  folder: string,
): void {
  const runtime = createMessageRuntime(f, folder);
  for (const message of messages) {
    printReader(f, message, runtime);
    printWriter(f, message, runtime);
  }
  const name = safeIdentifier(protoCamelCase(`${file.name.split("/").at(-1)}_codes`));
  f.print(f.jsDoc(`The code of the messages of ${file.proto.name}, by their full names.`));
  f.print(f.export("const", name), ": ", runtime.MessageCodes, " = {");
  for (const { desc } of messages) {
    const read = runtime.code("read", desc);
    const write = runtime.code("write", desc);
    f.print(`  ${JSON.stringify(desc.typeName)}: { read: `, read, ", write: ", write, " },");
  }
  f.print("};");
}
