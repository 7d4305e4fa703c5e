import type { Connection, ConnectionListener, Transport } from "../../../src/client/index.ts";
import type { SimulatedNetwork } from "../../../src/testing/index.ts";
import type { WireBook } from "./wire-book.ts";

/** A transport on which a book is kept of everything that passes. */
export function watchTransport(transport: Transport, network: SimulatedNetwork, book: WireBook): Transport {
  return {
    name: transport.name,
    dial(endpoint: string, listener: ConnectionListener): Connection {
      const entry = book.dialled(endpoint);
      const connection = transport.dial(endpoint, {
        opened: () => listener.opened(),
        received: (message) => {
          book.received(entry, message);
          listener.received(message);
        },
        drained: () => listener.drained(),
        closed: (close) => {
          book.closed(entry);
          listener.closed(close);
        },
      });
      entry.link = network.links.at(-1);
      return {
        get bufferedBytes() {
          return connection.bufferedBytes;
        },
        send: (packet) => {
          book.sent(entry, packet);
          connection.send(packet);
        },
        close: (code, reason) => {
          book.closing(entry);
          connection.close(code, reason);
        },
        abort: () => {
          book.closing(entry);
          connection.abort();
        },
      };
    },
  };
}
