import type { Socket } from "node:net";
import { systemClock } from "../../transport/system-clock.ts";

/** What a connection speaks. `none`: it ended, or has said too little for too long. */
export type Protocol = "http1" | "http2" | "none";

/** What every HTTP/2 client sends first. No HTTP/1.1 request begins so: there is no method `PRI`. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Judges the first bytes of a connection. @returns undefined while they may still become either. Spec: HTTP-1. */
export function judgePreface(bytes: Uint8Array): "http1" | "http2" | undefined {
  const length = Math.min(bytes.length, PREFACE.length);
  if (!PREFACE.subarray(0, length).equals(bytes.subarray(0, length))) return "http1";
  return length === PREFACE.length ? "http2" : undefined;
}

/**
 * Waits until a connection has shown what it speaks. Every byte that was read for it is put back.
 * @param timeoutMs How long that may take.
 * @param done Hears the outcome, once.
 */
export function waitForProtocol(socket: Socket, timeoutMs: number, done: (protocol: Protocol) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const finish = (protocol: Protocol): void => {
    timer.cancel();
    socket.off("readable", look);
    socket.off("end", giveUp);
    socket.off("close", giveUp);
    if (bytes.length > 0 && !socket.destroyed) socket.unshift(bytes);
    done(protocol);
  };
  const look = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const protocol = judgePreface(bytes);
    if (protocol !== undefined) finish(protocol);
  };
  const giveUp = (): void => finish("none");
  const timer = systemClock.setTimer(timeoutMs, giveUp);
  socket.on("readable", look);
  socket.on("end", giveUp);
  socket.on("close", giveUp);
}
