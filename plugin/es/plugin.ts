import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { protocGenEs } from "@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js";
import type { Plugin } from "@bufbuild/protoplugin";
import { printDescriptor } from "./print-descriptor.ts";

/** `src/wire/descriptor.ts`, relative to the folder that is generated into. */
const RUNTIME = "../src/wire/descriptor.ts";
const EMBEDDED = /\bfileDesc\("([A-Za-z0-9+/]+)"/;
const IMPORTED = /^import \{ (.*\bfileDesc\b.*) \} from "@bufbuild\/protobuf\/codegenv2";$/m;
const KNOWN_TYPES = /^import \{ (file_google_protobuf_(?:duration|timestamp)) \} from "@bufbuild\/protobuf\/wkt";$/gm;

/**
 * protoc-gen-es, with descriptors as text that `src/wire/descriptor.ts` reads: a page that has only our schema then does not
 * have to load the descriptor of descriptors. Fails where a file has something that the text cannot say.
 */
export const plugin: Plugin = {
  ...protocGenEs,
  run(request) {
    const response = protocGenEs.run(request);
    for (const file of response.file) file.content = embedText(file.name, file.content);
    return response;
  },
};

function embedText(name: string, content: string): string {
  const [, embedded] = EMBEDDED.exec(content) ?? [];
  if (embedded === undefined) return content;
  const root = fromBinary(FileDescriptorProtoSchema, base64Decode(embedded));
  const from = `"${"../".repeat(name.split("/").length - 1)}${RUNTIME}"`;
  return content
    .replace(EMBEDDED, `fileDesc(${JSON.stringify(printDescriptor(root))}`)
    .replace(IMPORTED, (_, names: string) => {
      const others = names.split(", ").filter((each) => each !== "fileDesc");
      return [
        `import { ${others.join(", ")} } from "@bufbuild/protobuf/codegenv2";`,
        `import { fileDesc } from ${from};`,
      ].join("\n");
    })
    .replace(KNOWN_TYPES, (_, file: string) => `import { ${file} } from ${from};`);
}
