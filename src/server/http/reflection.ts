import { type AnyDesc, type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** The reflection service of gRPC, over the descriptors of what is served. Spec: HTTP-11. */
export function createReflectionService(
  services: ReadonlyMap<string, DescService>,
): ServiceImpl<typeof ServerReflection> {
  let index: SchemaIndex | undefined;
  return {
    async *serverReflectionInfo(requests) {
      index ??= indexSchema(services.values());
      for await (const request of requests) {
        const messageResponse = answer(request, services, index);
        yield { validHost: request.host, originalRequest: request, messageResponse };
      }
    },
  };
}

/** Everything that the served services are made of. */
interface SchemaIndex {
  /** By the path of its import. */
  readonly files: ReadonlyMap<string, DescFile>;
  /** The file of each name. */
  readonly symbols: ReadonlyMap<string, DescFile>;
  /** The file of each extension, by the name of what is extended, then by number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescFile>>;
}

function indexSchema(services: Iterable<DescService>): SchemaIndex {
  const files = new Map<string, DescFile>();
  for (const { file } of services) for (const each of withImports(file)) files.set(each.proto.name, each);
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) {
    for (const desc of nestedTypes(file)) {
      for (const name of namesOf(desc)) symbols.set(name, file);
      if (desc.kind !== "extension") continue;
      const { typeName } = desc.extendee;
      extensions.set(typeName, (extensions.get(typeName) ?? new Map<number, DescFile>()).set(desc.number, file));
    }
  }
  return { files, symbols, extensions };
}

function namesOf(desc: AnyDesc): string[] {
  if (desc.kind === "service") return [desc.typeName, ...desc.methods.map(({ name }) => `${desc.typeName}.${name}`)];
  return "typeName" in desc ? [desc.typeName] : [];
}

/** A file, and all that it imports. */
function withImports(file: DescFile, found: Set<DescFile> = new Set()): Set<DescFile> {
  if (found.has(file)) return found;
  found.add(file);
  for (const dependency of file.dependencies) withImports(dependency, found);
  return found;
}

function answer(
  { messageRequest: { case: question, value } }: ServerReflectionRequest,
  services: ReadonlyMap<string, DescService>,
  { files, symbols, extensions }: SchemaIndex,
): Answer {
  switch (question) {
    case "listServices": {
      const service = [...services.keys()].sort().map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return answerFile(files.get(value), value);
    case "fileContainingSymbol":
      return answerFile(symbols.get(value), value);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = value;
      return answerFile(extensions.get(containingType)?.get(extensionNumber), `${containingType}: ${extensionNumber}`);
    }
    case "allExtensionNumbersOfType": {
      if (!symbols.has(value)) return refuse(Code.NotFound, value);
      const extensionNumber = [...(extensions.get(value)?.keys() ?? [])];
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: value, extensionNumber } };
    }
    default:
      return refuse(Code.InvalidArgument, "a question that is not known");
  }
}

function answerFile(file: DescFile | undefined, name: string): Answer {
  if (file === undefined) return refuse(Code.NotFound, name);
  const fileDescriptorProto = [...withImports(file)].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function refuse(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
