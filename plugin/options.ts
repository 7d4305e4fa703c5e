import type { DescEnum, DescEnumValue, DescExtension, DescField, DescFile, DescMessage } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

const OPTIONS_PACKAGE = "moorline.schema.v1";

/** The value of `moorline.schema.v1.machine`. */
export interface MachineOptions {
  readonly name: string;
  readonly event: string;
  readonly effect: string;
  readonly phase: string;
}

/** One element of `on` in the value of `moorline.schema.v1.state`. */
export interface TransitionRow {
  readonly event: string;
  readonly to: readonly string[];
}

/** The value of `moorline.schema.v1.state`. */
export interface StateOptions {
  readonly initial: boolean;
  readonly terminal: boolean;
  readonly on: readonly TransitionRow[];
}

/** The value of `moorline.schema.v1.range`. */
export interface CodeRange {
  readonly first: number;
  readonly last: number;
}

interface MessageOptionValues {
  readonly machine: MachineOptions;
  readonly specialized: boolean;
}

interface FieldOptionValues {
  readonly secret: boolean;
  readonly state: StateOptions;
}

interface EnumValueOptionValues {
  readonly retry: number;
  readonly grpc_status: number;
  readonly range: CodeRange;
  readonly rejection: boolean;
  readonly action: string;
}

/** Reads Moorline's options from descriptors, by the extensions in the request itself. */
export interface OptionReader {
  /** The enum of retry verdicts, the type of the option `retry`. */
  readonly verdicts: DescEnum | undefined;
  /** The option of a message, or undefined where it is not set. */
  message<K extends keyof MessageOptionValues>(desc: DescMessage, name: K): MessageOptionValues[K] | undefined;
  /** The option of a field, or undefined where it is not set. */
  field<K extends keyof FieldOptionValues>(desc: DescField, name: K): FieldOptionValues[K] | undefined;
  /** The option of an enum value, or undefined where it is not set. */
  enumValue<K extends keyof EnumValueOptionValues>(desc: DescEnumValue, name: K): EnumValueOptionValues[K] | undefined;
  /** The steps from the descriptor that has the option to its value, in SourceCodeInfo. */
  path(name: keyof (MessageOptionValues & FieldOptionValues & EnumValueOptionValues)): number[];
}

/** Makes the reader for a request. Where its files do not have the options, every option is undefined. */
export function createOptionReader(files: readonly DescFile[]): OptionReader {
  const extensions = new Map<string, DescExtension>();
  for (const file of files) {
    if (file.proto.package !== OPTIONS_PACKAGE) continue;
    for (const extension of file.extensions) extensions.set(extension.name, extension);
  }
  const read = (desc: DescMessage | DescField | DescEnumValue, name: string): unknown => {
    const extension = extensions.get(name);
    return extension !== undefined && hasOption(desc, extension) ? getOption(desc, extension) : undefined;
  };
  // The shapes above are those of options.proto, so each value has the type of its name.
  return {
    verdicts: extensions.get("retry")?.enum,
    message: read,
    field: read,
    enumValue: read,
    path: (name: string) => pathOf(extensions.get(name)),
  } as OptionReader;
}

/** The number of the field `options` in the descriptor of each kind of thing that has options. */
const OPTIONS_FIELDS: ReadonlyMap<string, number> = new Map([
  ["google.protobuf.MessageOptions", DescriptorProtoSchema.field.options.number],
  ["google.protobuf.FieldOptions", FieldDescriptorProtoSchema.field.options.number],
  ["google.protobuf.EnumValueOptions", EnumValueDescriptorProtoSchema.field.options.number],
]);

function pathOf(extension: DescExtension | undefined): number[] {
  const options = extension && OPTIONS_FIELDS.get(extension.extendee.typeName);
  return extension === undefined || options === undefined ? [] : [options, extension.number];
}
