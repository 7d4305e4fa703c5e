import { type DescMessage, type MessageShape, toJsonString } from "@bufbuild/protobuf";
import type { Failure } from "./failure.ts";

/** Where a command writes: results to stdout, everything else to stderr. */
export class Output {
  private readonly isJson: boolean;

  /** @param isJson One JSON object a line on stdout, and nothing else there. */
  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  /** Prints a message: as the JSON of its schema, or as a line for people. */
  message<D extends DescMessage>(
    schema: D,
    message: MessageShape<D>,
    toText: (message: MessageShape<D>) => string,
  ): void {
    this.write(this.isJson ? toJsonString(schema, message, { alwaysEmitImplicit: true }) : toText(message));
  }

  /** Prints a message for programs only. */
  json<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
    if (this.isJson) this.write(toJsonString(schema, message, { alwaysEmitImplicit: true }));
  }

  /** Prints an object that no schema has. */
  object(value: object, text: string): void {
    this.write(this.isJson ? JSON.stringify(value) : text);
  }

  /** Passes on what a process wrote, for people only. */
  bytes(stream: "stdout" | "stderr", data: Uint8Array): void {
    if (!this.isJson) process[stream].write(data);
  }

  /** Tells people something that is no result. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Prints a failure. */
  failure({ code, reason, message, action }: Failure): void {
    if (this.isJson) process.stdout.write(`${JSON.stringify({ error: { code, reason, message, action } })}\n`);
    else process.stderr.write(`[${code}] ${message} ${action}\n`);
  }

  private write(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
