import type { DescFile } from "@bufbuild/protobuf";
import { type ActionEnum, findActionEnums } from "./action/action-enum.ts";
import type { CloseCodeEnum } from "./close-code/close-code.ts";
import { findCloseCodes } from "./close-code/close-code.ts";
import type { EnvelopeMessage } from "./codec/envelope.ts";
import { findEnvelope } from "./codec/envelope.ts";
import { checkMachine } from "./machine/check.ts";
import type { Machine } from "./machine/machine.ts";
import { collectNames, findMachines } from "./machine/machine.ts";
import { createOptionReader } from "./options.ts";
import { SchemaError } from "./problem.ts";
import { findSecrets } from "./secrets.ts";

/** What one proto file has for the generator. */
export interface FileContract {
  readonly file: DescFile;
  readonly machines: readonly Machine[];
  readonly closeCodes: readonly CloseCodeEnum[];
  readonly actions: readonly ActionEnum[];
  readonly envelope: readonly EnvelopeMessage[];
}

/** What the schema says by Moorline's options, checked. */
export interface Contract {
  readonly files: readonly FileContract[];
  /** The full names of secret fields. */
  readonly secrets: readonly string[];
}

/**
 * Reads and checks what `files` say. Throws a SchemaError with every problem there is.
 * @param allFiles The files and everything they import.
 */
export function readContract(files: readonly DescFile[], allFiles: readonly DescFile[]): Contract {
  const options = createOptionReader(allFiles);
  const names = collectNames(allFiles);
  const problems: string[] = [];
  const contracts = files.map((file) => {
    const machines = findMachines(file, names, options, problems);
    for (const machine of machines) problems.push(...checkMachine(machine, options));
    const closeCodes = findCloseCodes(file, options, problems);
    const actions = findActionEnums(file, options, problems);
    return { file, machines, closeCodes, actions, envelope: findEnvelope(file, options, problems) };
  });
  if (problems.length > 0) throw new SchemaError(problems);
  return { files: contracts, secrets: findSecrets(files, options) };
}
