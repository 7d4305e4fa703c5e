import { create } from "@bufbuild/protobuf";
import type { PendingPermission } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { CommandTaskSchema } from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { OutputStream } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { RunEnd, RunItem, RunListener, RunPrompt, RunRequest } from "../../../../src/daemon/provider.ts";

/** The request for a command. */
export function commandRequest(argv: readonly string[], changes: Partial<RunRequest> = {}): RunRequest {
  return {
    agentId: "agent",
    workingDirectory: process.cwd(),
    environment: {},
    task: { case: "command", value: create(CommandTaskSchema, { argv: [...argv] }) },
    ...changes,
  };
}

/** The request for a script of Node's. */
export function scriptRequest(script: string, changes: Partial<RunRequest> = {}): RunRequest {
  return commandRequest([process.execPath, "-e", script], changes);
}

/** A prompt that is not the last one. */
export function say(text: string): RunPrompt {
  return { text, closeInput: false };
}

/** Keeps what a run tells it, and lets tests wait for it. */
export class RunRecorder implements RunListener {
  /** What it was told, in order: names, and outputs as `out:` or `err:` with their text. */
  readonly told: string[] = [];
  readonly items: RunItem[] = [];
  readonly permissions: PendingPermission[] = [];
  /** What `itemsAdded` gives back. */
  hold: () => Promise<void> | void = () => {};
  readonly over: Promise<RunEnd>;
  #end: (end: RunEnd) => void = () => {};
  readonly #waiting: Array<{ isMet: () => boolean; resolve: () => void }> = [];

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  started(): void {
    this.#tell("started");
  }

  turnEnded(): void {
    this.#tell("turnEnded");
  }

  itemsAdded(items: readonly RunItem[]): Promise<void> | void {
    this.items.push(...items);
    this.#tell("items");
    return this.hold();
  }

  permissionAsked(permission: PendingPermission): void {
    this.permissions.push(permission);
    this.#tell("permissionAsked");
  }

  ended(end: RunEnd): void {
    this.#tell("ended");
    this.#end(end);
  }

  /** What was written to a stream. */
  bytes(stream: OutputStream = OutputStream.STDOUT): Buffer {
    return Buffer.concat(this.outputs.filter((output) => output.stream === stream).map(({ data }) => data));
  }

  text(stream: OutputStream = OutputStream.STDOUT): string {
    return this.bytes(stream).toString();
  }

  get outputs() {
    return this.items.flatMap(({ case: name, value }) => (name === "commandOutput" ? [value] : []));
  }

  /** Settles when a condition holds after something was told. */
  until(isMet: () => boolean): Promise<void> {
    return isMet() ? Promise.resolve() : new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  /** Settles when the text was written to the standard output. */
  untilWritten(text: string): Promise<void> {
    return this.until(() => this.text().includes(text));
  }

  #tell(name: string): void {
    this.told.push(name);
    for (const waiting of this.#waiting) if (waiting.isMet()) waiting.resolve();
  }
}
