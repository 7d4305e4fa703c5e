import type { RpcResponse } from "./exchange.ts";

/** Answers with a text, unless the answer has begun. @param headers Beside, or instead of, the type of plain text. */
export function answerText(
  response: RpcResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries({ "Content-Type": "text/plain; charset=utf-8", ...headers })) {
    response.setHeader(name, value);
  }
  response.end(text);
}
