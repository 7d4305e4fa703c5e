import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MoorlineError } from "../../wire/moorline-error.ts";
import { nodeError } from "../../wire/node-error.ts";
import { answerText } from "../http/answer-text.ts";
import type { RpcRequest, RpcResponse } from "../http/exchange.ts";
import { mediaTypeOf, PAGE_HEADERS } from "./page-headers.ts";

/** A file as it is answered. */
interface PageFile {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

const INDEX = "index.html";
/** The folder whose files have a hash of their content in their names. */
const HASHED = /^\/assets\//;
/** Names that need no encoding in a URL. Whatever has another one is not served. */
const PLAIN_NAME = /^[\w-][\w.-]*$/;
const MAX_FILES = 256;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 4;

/**
 * The files of a web page, held in memory: what was in its folder when it was loaded, under exactly those names. No path of
 * a request ever reaches the file system. Spec: CONSOLE-1 to CONSOLE-3.
 */
export class Pages {
  private readonly files: ReadonlyMap<string, PageFile>;

  private constructor(files: ReadonlyMap<string, PageFile>) {
    this.files = files;
  }

  /**
   * Reads a folder, with those below it, but for links and for names that need encoding.
   * @param directory Has an `index.html`, which is answered for `/` as well.
   * @throws MoorlineError PAGES_UNUSABLE where it cannot be read, has no index, over 256 files or over 32 MiB.
   */
  static async load(directory: string): Promise<Pages> {
    const files = new Map<string, PageFile>();
    let bytes = 0;
    for await (const path of listFiles(directory, "", MAX_DEPTH)) {
      const file = await read(directory, path);
      bytes += file.bytes.length;
      if (files.size >= MAX_FILES || bytes > MAX_BYTES) throw unusable(`has over ${MAX_FILES} files or 32 MiB`);
      files.set(path, file);
    }
    const index = files.get(`/${INDEX}`);
    if (index === undefined) throw unusable(`has no ${INDEX}`);
    return new Pages(files.set("/", index));
  }

  /** Whether there is a file for a path, which is compared as it is. */
  has(path: string): boolean {
    return this.files.has(path);
  }

  /** Answers a request for a path that there is. Never throws. */
  serve(path: string, request: RpcRequest, response: RpcResponse): void {
    const file = this.files.get(path);
    if (file === undefined) return;
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      answerText(response, 405, "the page is read by GET\n", { Allow: "GET, HEAD" });
      return;
    }
    const isKnown = request.headers["if-none-match"]?.split(/\s*,\s*/).includes(file.etag) === true;
    response.statusCode = isKnown ? 304 : 200;
    for (const [name, value] of Object.entries(file.headers)) response.setHeader(name, value);
    response.setHeader("ETag", file.etag);
    if (isKnown) {
      response.end();
      return;
    }
    response.setHeader("Content-Length", file.bytes.length);
    if (request.method === "HEAD") response.end();
    else response.end(file.bytes);
  }
}

async function* listFiles(directory: string, below: string, depth: number): AsyncGenerator<string> {
  const entries = await readdir(join(directory, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw unusable("cannot be read", cause);
  });
  for (const entry of entries) {
    const path = `${below}/${entry.name}`;
    if (!PLAIN_NAME.test(entry.name)) continue;
    if (entry.isFile()) yield path;
    if (entry.isDirectory() && depth > 1) yield* listFiles(directory, path, depth - 1);
  }
}

async function read(directory: string, path: string): Promise<PageFile> {
  const bytes = await readFile(join(directory, path)).catch((cause: unknown) => {
    throw unusable("cannot be read", cause);
  });
  const caching = HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache";
  const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
  return { bytes, etag, headers: { "Content-Type": mediaTypeOf(path), "Cache-Control": caching } };
}

function unusable(why: string, cause?: unknown): MoorlineError {
  return nodeError("PAGES_UNUSABLE", `The folder of the page ${why}.`, cause === undefined ? {} : { cause });
}
