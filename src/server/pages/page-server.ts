import { createServer } from "node:http";
import { answerText } from "../http/answer-text.ts";
import { pathOf } from "../http/exchange.ts";
import { createHttpGuard } from "../http-guard.ts";
import { startListening } from "../listen.ts";
import type { Pages } from "./pages.ts";

/** A server that has a page, and nothing else. */
export interface PageServer {
  /** Where the page is, such as `http://127.0.0.1:7421/`. */
  readonly url: string;
  readonly port: number;
  /** Stops to listen, and ends every connection. */
  close(): Promise<void>;
}

/** Options of {@link openPageServer}. */
export interface PageServerOptions {
  /** 0 takes a free one. Default 0. */
  readonly port?: number;
}

/**
 * Serves a page without a daemon, on 127.0.0.1. Requests that name another host, or come from a page of another origin, are
 * refused as a daemon refuses them. Spec: CONSOLE-6.
 * @throws MoorlineError PORT_IN_USE, LISTEN_FAILED.
 */
export async function openPageServer(pages: Pages, { port = 0 }: PageServerOptions = {}): Promise<PageServer> {
  const guard = createHttpGuard({ isOpenMode: false, allowedHosts: [], allowedOrigins: [] });
  const server = createServer((request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    request.resume();
    const refusal = guard(request);
    const path = pathOf(request);
    if (refusal !== undefined) answerText(response, refusal.status, `${refusal.message}\n`);
    else if (pages.has(path)) pages.serve(path, request, response);
    else answerText(response, 404, "there is no such page\n");
  });
  const listening = await startListening(server, { port }, false);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: listening.endpoint.replace(/^ws/, "http"), port: listening.port, close };
}
