import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { readStart } from "../../transport/ws-response.ts";
import type { Target } from "./target.ts";

/** A question over HTTP/1.1. */
export interface HttpQuestion {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What was answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The start of it, of an upgrade nothing. */
  readonly body: string;
}

/** What came was no HTTP, or nothing. */
export class NoHttpError extends Error {
  override readonly name = "NoHttpError";
  /** The start of what came. Empty: nothing. */
  readonly said: string;

  /** @param said What came. @param cause What the HTTP client made of it. */
  constructor(said: string, cause: unknown) {
    super("no HTTP", { cause });
    this.said = said;
  }
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_SAID_BYTES = 64;

/**
 * Asks a question on a connection of its own, which is closed after that.
 * @throws NoHttpError (as a rejection) where the answer is no HTTP, or the connection ends without one.
 */
export async function askHttp(target: Target, question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
  const { host, port, isTls } = target;
  const { method, path, headers, body } = question;
  const request = (isTls ? requestHttps : requestHttp)({ host, port, method, path, headers, signal, agent: false });
  request.end(body);
  try {
    const response = await answerTo(request);
    const { statusCode: status = 0 } = response;
    return { status, headers: response.headers, body: status === 101 ? "" : await readStart(response, MAX_BODY_BYTES) };
  } finally {
    request.destroy();
  }
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("response", resolve);
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.on("error", (error: Error & { readonly rawPacket?: Buffer }) => {
      reject(new NoHttpError(error.rawPacket?.toString("latin1", 0, MAX_SAID_BYTES) ?? "", error));
    });
  });
}
