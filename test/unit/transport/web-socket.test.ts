import { describe, expect, it } from "vitest";
import { ConnectionRecorder } from "../../../src/testing/connection-recorder.ts";
import { SimulatedClock } from "../../../src/testing/index.ts";
import { createWebSocketTransport, type PlatformWebSocket } from "../../../src/transport/web-socket.ts";

/** A WebSocket as browsers have it, moved by hand. */
class FakeWebSocket implements PlatformWebSocket {
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly closes: unknown[] = [];

  send(data: Uint8Array): void {
    this.bufferedAmount += data.length;
  }

  close(...close: unknown[]): void {
    this.closes.push(close);
  }

  open(): void {
    this.readyState = 1;
    this.emit("onopen", {});
  }

  emit(name: "onopen" | "onmessage" | "onerror" | "onclose", event: object): void {
    this[name]?.(event as never);
  }
}

function createWorld() {
  const clock = new SimulatedClock();
  const socket = new FakeWebSocket();
  const dialled: unknown[] = [];
  class Socket {
    constructor(endpoint: string, subprotocol: string) {
      dialled.push([endpoint, subprotocol]);
      // biome-ignore lint/correctness/noConstructorReturn: the fake stands in for what the transport makes
      return socket;
    }
  }
  const transport = createWebSocketTransport({ clock, WebSocket: Socket as unknown as new () => PlatformWebSocket });
  const heard = new ConnectionRecorder();
  return { clock, socket, heard, dialled, connection: transport.dial("ws://localhost", heard) };
}

describe("platform WebSocket transport", () => {
  it("asks for the subprotocol, and for bytes [TRANS-4]", () => {
    const { dialled, socket } = createWorld();
    expect(dialled).toEqual([["ws://localhost", "moorline.session.v1"]]);
    expect(socket.binaryType).toBe("arraybuffer");
  });

  it("looks at the buffer only while something is in it", () => {
    const { clock, socket, connection, heard } = createWorld();
    socket.open();
    expect(clock.pending).toBe(0);
    connection.send(new Uint8Array(100));
    connection.send(new Uint8Array(100));
    expect(clock.pending).toBe(1);
    socket.bufferedAmount = 50;
    clock.advance(5);
    expect(heard.calls).toEqual(["opened", "drained"]);
    clock.advance(50);
    expect(heard.calls).toEqual(["opened", "drained"]);
    socket.bufferedAmount = 0;
    clock.advance(5);
    expect(heard.calls).toEqual(["opened", "drained", "drained"]);
    expect(clock.pending).toBe(0);
  });

  it("looks at the buffer when a message comes, because timers of hidden pages are slow", () => {
    const { socket, connection, heard } = createWorld();
    socket.open();
    connection.send(new Uint8Array(100));
    socket.bufferedAmount = 0;
    socket.emit("onmessage", { data: new ArrayBuffer(1) });
    expect(heard.calls).toEqual(["opened", "received", "drained"]);
  });

  it("gives up an unanswered closing within 2 s, and ignores what the socket says later", () => {
    const { clock, socket, connection, heard } = createWorld();
    socket.open();
    connection.send(new Uint8Array(100));
    connection.close(4000, "bye");
    expect(socket.closes).toEqual([[4000, "bye"]]);
    clock.advance(2_000);
    expect(heard.closes).toEqual([{ code: 1006, reason: "the peer did not answer the closing", cause: "closed" }]);
    socket.emit("onclose", { code: 4000, reason: "" });
    expect(heard.closes.length).toBe(1);
    expect([clock.pending, connection.bufferedBytes]).toEqual([0, 0]);
  });

  it("does not listen to a socket that it has aborted", () => {
    const { clock, socket, connection, heard } = createWorld();
    connection.abort();
    socket.open();
    socket.emit("onmessage", { data: "late" });
    clock.advance(0);
    expect(heard.calls).toEqual(["closed"]);
  });

  it("says what the platform says about a failure, and that it says nothing where it does not", () => {
    const first = createWorld();
    first.socket.emit("onerror", { message: "name not known" });
    first.socket.emit("onclose", { code: 1006, reason: "" });
    expect(first.heard.closes).toEqual([{ code: 1006, reason: "name not known", cause: "failed" }]);
    const second = createWorld();
    second.socket.emit("onerror", {});
    second.socket.emit("onclose", { code: 1006, reason: "" });
    expect(second.heard.closes[0]?.reason).toMatch(/does not say why/);
  });

  it("fails, and does not throw, where the platform has no WebSocket", () => {
    const clock = new SimulatedClock();
    const heard = new ConnectionRecorder();
    const transport = createWebSocketTransport({ clock, WebSocket: undefined as never });
    const platform = globalThis.WebSocket;
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      transport.dial("ws://localhost", heard);
    } finally {
      globalThis.WebSocket = platform;
    }
    clock.advance(0);
    expect(heard.closes[0]?.cause).toBe("failed");
  });
});
