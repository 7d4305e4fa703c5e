import type { IncomingMessage } from "node:http";

/**
 * Reads the start of what a server says, and no more of it.
 * @param maxBytes How much, at most.
 * @returns The text. Never rejects: where the response breaks, what came until then is all there is.
 */
export async function readStart(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxBytes) break;
    }
  } catch {
    // It broke.
  }
  return Buffer.concat(chunks).toString("utf8", 0, maxBytes);
}
