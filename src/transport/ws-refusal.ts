import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Why an upgrade request is not accepted. */
export interface UpgradeRefusal {
  /** The HTTP status, 400 to 599. */
  readonly status: number;
  /** What is wrong and what to do; for people. Sent as the body. */
  readonly message: string;
}

/** Answers an upgrade request with a refusal, and closes the socket once that has left. */
export function refuseUpgrade(socket: Duplex, { status, message }: UpgradeRefusal): void {
  const body = Buffer.from(`${message}\n`);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
    "\r\n",
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(head.join("\r\n")), body]));
}
