import { createContextValues } from "@connectrpc/connect";
import { idempotencyKey } from "../../../../src/rpc/context-keys.ts";
import { createMemoryJournalStore, type JournalStore } from "../../../../src/server/index.ts";
import type { SayRequest, SayResponse } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { type Outcome, watch } from "../../rpc/support/echo.ts";
import { encodeRequest, openRaw, type RawCall } from "../../rpc/support/raw-calls.ts";
import { CallClient, type CallConnection } from "./call-client.ts";
import { type DaemonStage, type StageOptions, stageDaemon } from "./daemon.ts";
import type { HelloInit } from "./hello.ts";

/** One run of the handler, for the test to end. */
export interface Run {
  readonly request: SayRequest;
  readonly signal: AbortSignal;
  answer(message?: { text?: string; data?: Uint8Array }): void;
  fail(error: unknown): void;
}

/** A daemon with a journal, and a handler that ends when the test says so. */
export interface JournalStage extends DaemonStage {
  readonly store: JournalStore;
  /** Every run there was. */
  readonly runs: Run[];
}

/** Sets the stage. */
export function stageJournal(options: StageOptions & { readonly journal?: JournalStore } = {}): JournalStage {
  const store = options.journal ?? createMemoryJournalStore();
  const runs: Run[] = [];
  const stage = stageDaemon({
    echo: {
      say: (request, { signal }) =>
        new Promise((resolve, reject) => {
          const answer: Run["answer"] = (message = { text: `did ${request.text}` }) => resolve(message);
          runs.push({ request, signal, answer, fail: reject });
        }),
      put: () => ({ text: "put" }),
    },
    ...options,
    journal: store,
  });
  return { ...stage, store, runs };
}

/** A client that is connected. */
export function connect(stage: DaemonStage, id = 1, hello: HelloInit = {}): CallClient & { link: CallConnection } {
  const client = new CallClient(stage, id);
  return Object.assign(client, { link: client.connect(hello) });
}

/** What a keyed call is made with. */
export interface KeyedOptions {
  readonly text?: string;
  readonly method?: "say" | "put";
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Makes a keyed call, and lets everything happen that needs no time. */
export async function ask(
  stage: DaemonStage,
  client: CallClient,
  key: string,
  { text = "it", method = "say", ...options }: KeyedOptions = {},
): Promise<{ outcome: Outcome<SayResponse> }> {
  const contextValues = createContextValues().set(idempotencyKey, key);
  const watched = watch(client.echo[method]({ text }, { contextValues, ...options }));
  await stage.clock.settle();
  return watched;
}

/** Makes a keyed call as a peer would that repeats nothing. */
export async function askRaw(stage: DaemonStage, { channel }: CallClient, key: string, text = "it"): Promise<RawCall> {
  const call = openRaw(channel, "Say", { message: encodeRequest({ text }), last: true, idempotencyKey: key });
  await stage.clock.settle();
  return call;
}

/** The text of an answer, or the error, or that there is neither. */
export function told({ outcome }: { outcome: Outcome<SayResponse> }): unknown {
  if (outcome.state === "fulfilled") return outcome.value.text;
  return outcome.state === "rejected" ? outcome.error : outcome.state;
}

/** A journal that can be told to fail, and that tells what it was asked to do. */
export class TroubledStore implements JournalStore {
  readonly calls: string[] = [];
  private readonly inner: JournalStore;
  private readonly failing = new Set<keyof JournalStore>();
  private readonly gates = new Map<keyof JournalStore, Promise<void>>();

  constructor(inner: JournalStore = createMemoryJournalStore()) {
    this.inner = inner;
  }

  /** Which methods fail from now on. */
  fail(...names: (keyof JournalStore)[]): void {
    this.failing.clear();
    for (const name of names) this.failing.add(name);
  }

  /** Holds a method up. @returns What lets it go on. */
  hold(name: keyof JournalStore): () => void {
    let release: () => void = () => {};
    this.gates.set(
      name,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    return () => {
      this.gates.delete(name);
      release();
    };
  }

  sessions(): ReturnType<JournalStore["sessions"]> {
    if (this.failing.has("sessions")) throw new Error("the disk");
    return this.inner.sessions();
  }

  find(...args: Parameters<JournalStore["find"]>): Promise<Awaited<ReturnType<JournalStore["find"]>>> {
    return this.pass("find", () => this.inner.find(...args));
  }

  list(...args: Parameters<JournalStore["list"]>): Promise<Awaited<ReturnType<JournalStore["list"]>>> {
    return this.pass("list", () => this.inner.list(...args));
  }

  accept(...args: Parameters<JournalStore["accept"]>): Promise<void> {
    return this.pass("accept", () => this.inner.accept(...args));
  }

  complete(...args: Parameters<JournalStore["complete"]>): Promise<void> {
    return this.pass("complete", () => this.inner.complete(...args));
  }

  delete(...args: Parameters<JournalStore["delete"]>): Promise<void> {
    return this.pass("delete", () => this.inner.delete(...args));
  }

  deleteSession(...args: Parameters<JournalStore["deleteSession"]>): Promise<void> {
    return this.pass("deleteSession", () => this.inner.deleteSession(...args));
  }

  purge(...args: Parameters<JournalStore["purge"]>): Promise<void> {
    return this.pass("purge", () => this.inner.purge(...args));
  }

  private async pass<T>(name: keyof JournalStore, action: () => T | Promise<T>): Promise<T> {
    this.calls.push(name);
    await this.gates.get(name);
    if (this.failing.has(name)) throw new Error(`no ${name}`);
    return action();
  }
}
