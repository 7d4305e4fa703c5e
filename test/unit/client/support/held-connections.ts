import type { Connection, ConnectionListener, Transport } from "../../../../src/transport/connection.ts";

/** A transport that counts the connections its user holds: dialled, and neither ended by the user nor over. */
export class HeldConnections implements Transport {
  readonly name: string;
  /** The most that were held at once. */
  most = 0;
  private readonly inner: Transport;
  private readonly held = new Set<Connection>();

  constructor(inner: Transport) {
    this.name = inner.name;
    this.inner = inner;
  }

  dial(endpoint: string, listener: ConnectionListener): Connection {
    const connection = this.inner.dial(endpoint, {
      opened: () => listener.opened(),
      received: (message) => listener.received(message),
      drained: () => listener.drained(),
      closed: (close) => {
        this.held.delete(outer);
        listener.closed(close);
      },
    });
    const outer = this.wrap(connection);
    this.held.add(outer);
    this.most = Math.max(this.most, this.held.size);
    return outer;
  }

  private wrap(connection: Connection): Connection {
    const outer: Connection = {
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      send: (packet) => connection.send(packet),
      close: (code, reason) => {
        this.held.delete(outer);
        connection.close(code, reason);
      },
      abort: () => {
        this.held.delete(outer);
        connection.abort();
      },
    };
    return outer;
  }
}
