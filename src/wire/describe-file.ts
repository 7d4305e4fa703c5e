import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from "@bufbuild/protobuf";
import { nestedTypes, protoCamelCase, safeObjectProperty } from "@bufbuild/protobuf/reflect";
import type {
  DescriptorProto,
  Edition,
  EnumDescriptorProto,
  EnumValueDescriptorProto,
  FeatureSet_FieldPresence,
  FieldDescriptorProto,
  FileDescriptorProto,
  MethodDescriptorProto,
  ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";

const PROTO3: typeof Edition.EDITION_PROTO3 = 999;
const EXPLICIT: typeof FeatureSet_FieldPresence.EXPLICIT = 1;
const IMPLICIT: typeof FeatureSet_FieldPresence.IMPLICIT = 2;
const LABEL_REPEATED = 3;
const STRING = 9;
const MESSAGE = 11;
const BYTES = 12;
const ENUM = 14;
/** By whether requests are a stream, and whether answers are. */
const METHOD_KINDS = ["unary", "server_streaming", "client_streaming", "bidi_streaming"] as const;

/** The types that a file may name, by their full names with a dot before. */
type Types = Map<string, DescMessage | DescEnum>;

/**
 * The descriptor of a proto3 file without options, as that of `createFileRegistry` of `@bufbuild/protobuf`, which can do all
 * of protobuf and is several times as large.
 * @param proto What the file says. Is not checked: it was where its text was generated.
 * @param dependencies The files that it imports.
 */
export function describeFile(proto: FileDescriptorProto, dependencies: DescFile[]): DescFile {
  const file: DescFile = {
    kind: "file",
    proto,
    deprecated: false,
    edition: PROTO3,
    name: proto.name.replace(/\.proto$/, ""),
    dependencies,
    enums: [],
    messages: [],
    extensions: [],
    services: [],
    toString: () => `file ${proto.name}`,
  };
  const types: Types = new Map();
  for (const dependency of dependencies) {
    for (const type of nestedTypes(dependency)) {
      if (type.kind === "message" || type.kind === "enum") types.set(`.${type.typeName}`, type);
    }
  }
  for (const each of proto.enumType) file.enums.push(describeEnum(each, file, undefined, types));
  for (const each of proto.messageType) file.messages.push(describeMessage(each, file, undefined, types));
  for (const message of file.messages) addFields(message, types);
  for (const each of proto.service) file.services.push(describeService(each, file, types));
  return file;
}

/** With all that is in it but its fields, which may be of types that come later. */
function describeMessage(
  proto: DescriptorProto,
  file: DescFile,
  parent: DescMessage | undefined,
  types: Types,
): DescMessage {
  const typeName = typeNameOf(proto.name, parent, file);
  const message: DescMessage = {
    kind: "message",
    proto,
    deprecated: false,
    file,
    parent,
    name: proto.name,
    typeName,
    fields: [],
    field: {},
    oneofs: [],
    members: [],
    nestedEnums: [],
    nestedMessages: [],
    nestedExtensions: [],
    toString: () => `message ${typeName}`,
  };
  types.set(`.${typeName}`, message);
  for (const each of proto.enumType) message.nestedEnums.push(describeEnum(each, file, message, types));
  for (const each of proto.nestedType) {
    if (!each.options?.mapEntry) message.nestedMessages.push(describeMessage(each, file, message, types));
  }
  return message;
}

function addFields(message: DescMessage, types: Types): void {
  const oneofs = message.proto.oneofDecl.map(
    (proto): DescOneof => ({
      kind: "oneof",
      proto,
      deprecated: false,
      parent: message,
      fields: [],
      name: proto.name,
      localName: safeObjectProperty(protoCamelCase(proto.name)),
      toString: () => `oneof ${message.typeName}.${proto.name}`,
    }),
  );
  for (const proto of message.proto.field) {
    const isInOneof = Object.hasOwn(proto, "oneofIndex") && !proto.proto3Optional;
    const oneof = isInOneof ? oneofs[proto.oneofIndex] : undefined;
    const field = describeField(proto, message, oneof, types);
    message.fields.push(field);
    message.field[field.localName] = field;
    if (oneof === undefined || oneof.fields.length === 0) message.members.push(oneof ?? field);
    oneof?.fields.push(field);
  }
  message.oneofs.push(...oneofs.filter(({ fields }) => fields.length > 0));
  for (const nested of message.nestedMessages) addFields(nested, types);
}

function describeField(
  proto: FieldDescriptorProto,
  parent: DescMessage,
  oneof: DescOneof | undefined,
  types: Types,
): DescField {
  const entry = parent.proto.nestedType.find(
    ({ name, options }) => options?.mapEntry && proto.typeName === `.${parent.typeName}.${name}`,
  );
  const isList = entry === undefined && proto.label === LABEL_REPEATED;
  const isSingular = entry === undefined && !isList;
  const [key, { type, typeName } = proto] = entry?.field ?? [];
  const kind = type === MESSAGE ? "message" : type === ENUM ? "enum" : "scalar";
  const named = kind === "scalar" ? undefined : types.get(typeName);
  const hasPresence = isSingular && (oneof !== undefined || proto.proto3Optional || kind === "message");
  const canPack = kind !== "message" && type !== STRING && type !== BYTES;
  const localName = protoCamelCase(proto.name);
  const field = {
    kind: "field",
    proto,
    deprecated: false,
    name: proto.name,
    number: proto.number,
    scalar: kind === "scalar" ? type : undefined,
    message: kind === "message" ? named : undefined,
    enum: kind === "enum" ? named : undefined,
    presence: hasPresence ? EXPLICIT : IMPLICIT,
    utf8Validation: true,
    listKind: isList ? kind : undefined,
    mapKind: entry && kind,
    mapKey: key?.type,
    delimitedEncoding: entry || kind === "message" ? false : undefined,
    packed: isList ? canPack : undefined,
    longAsString: false,
    getDefaultValue: isSingular ? nothing : undefined,
    parent,
    oneof,
    localName: oneof ? localName : safeObjectProperty(localName),
    jsonName: proto.jsonName,
    fieldKind: entry ? "map" : isList ? "list" : kind,
    toString: () => `field ${parent.typeName}.${proto.name}`,
  };
  // One object for all kinds of fields, so that code that reads them stays fast.
  return field as DescField;
}

function nothing(): undefined {}

function describeEnum(
  proto: EnumDescriptorProto,
  file: DescFile,
  parent: DescMessage | undefined,
  types: Types,
): DescEnum {
  const typeName = typeNameOf(proto.name, parent, file);
  const prefix = valuePrefixOf(proto.name).toLowerCase();
  const sharedPrefix = proto.value.every(({ name }) => hasPrefix(name, prefix)) ? prefix : undefined;
  const desc: DescEnum = {
    kind: "enum",
    proto,
    deprecated: false,
    file,
    parent,
    open: true,
    name: proto.name,
    typeName,
    value: {},
    values: [],
    sharedPrefix,
    toString: () => `enum ${typeName}`,
  };
  types.set(`.${typeName}`, desc);
  for (const each of proto.value) {
    const value = describeValue(each, desc);
    desc.values.push(value);
    desc.value[each.number] ??= value;
  }
  return desc;
}

/** What the names of the values of an enum begin with, as a rule. */
export function valuePrefixOf(enumName: string): string {
  return `${enumName.replace(/(?!^)[A-Z]/g, "_$&").toUpperCase()}_`;
}

/** Whether something is left of a name of a value behind a prefix that can be a name itself. */
function hasPrefix(name: string, prefix: string): boolean {
  return name.toLowerCase().startsWith(prefix) && /^\D/.test(name.slice(prefix.length));
}

function describeValue(proto: EnumValueDescriptorProto, parent: DescEnum): DescEnumValue {
  const { name, number } = proto;
  return {
    kind: "enum_value",
    proto,
    deprecated: false,
    parent,
    name,
    localName: safeObjectProperty(name.slice(parent.sharedPrefix?.length ?? 0)),
    number,
    jsonName: name,
    toString: () => `enum value ${parent.typeName}.${name}`,
  };
}

function describeService(proto: ServiceDescriptorProto, file: DescFile, types: Types): DescService {
  const typeName = typeNameOf(proto.name, undefined, file);
  const service: DescService = {
    kind: "service",
    proto,
    deprecated: false,
    file,
    name: proto.name,
    typeName,
    methods: [],
    method: {},
    toString: () => `service ${typeName}`,
  };
  for (const each of proto.method) {
    const method = describeMethod(each, service, types);
    service.methods.push(method);
    service.method[method.localName] = method;
  }
  return service;
}

function describeMethod(proto: MethodDescriptorProto, parent: DescService, types: Types): DescMethod {
  const { name, inputType, outputType } = proto;
  const kind = Number(proto.clientStreaming) * 2 + Number(proto.serverStreaming);
  return {
    kind: "rpc",
    proto,
    deprecated: false,
    parent,
    name,
    localName: safeObjectProperty(name.charAt(0).toLowerCase() + name.slice(1)),
    methodKind: METHOD_KINDS[kind] ?? "unary",
    input: types.get(inputType) as DescMessage,
    output: types.get(outputType) as DescMessage,
    idempotency: proto.options?.idempotencyLevel ?? 0,
    toString: () => `rpc ${parent.typeName}.${name}`,
  };
}

function typeNameOf(name: string, parent: DescMessage | undefined, file: DescFile): string {
  return `${parent?.typeName ?? file.proto.package}.${name}`;
}
