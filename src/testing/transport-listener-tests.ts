import type { ConnectionListener } from "../transport/connection.ts";
import { assertEqual } from "./assertions.ts";
import { dial, openPair, type TransportTests, waitClosed, waitUntil } from "./transport-harness.ts";

const INTERNAL = 4100;

/** What listeners may do. */
export const listenerTests: TransportTests = {
  "closes with 4100 when opened throws": async (harness) => {
    const pair = await openPair(harness, { client: throwing("opened") });
    await waitClosed(harness, pair);
    assertEqual(pair.server.heard.closes[0]?.code, INTERNAL, "the server sees 4100");
  },

  "closes with 4100 when received throws, on either side [TRANS-7]": async (harness) => {
    const first = await openPair(harness, { client: throwing("received") });
    first.server.connection.send(Uint8Array.of(1));
    await waitClosed(harness, first);
    assertEqual(first.server.heard.closes[0]?.code, INTERNAL, "the server sees 4100");
    const second = await openPair(harness, { server: throwing("received") });
    second.client.connection.send(Uint8Array.of(1));
    second.client.connection.send(Uint8Array.of(2));
    await waitClosed(harness, second);
    assertEqual(second.client.heard.closes[0]?.code, INTERNAL, "the client sees 4100");
    assertEqual(second.server.heard.messages.length, 1, "nothing more is received");
  },

  "closes with 4100 when drained throws": async (harness) => {
    const pair = await openPair(harness, { client: throwing("drained") });
    pair.client.connection.send(new Uint8Array(60 * 1024));
    await waitClosed(harness, pair);
    assertEqual(pair.server.heard.closes[0]?.code, INTERNAL, "the server sees 4100");
  },

  "lets nothing out when closed throws": async (harness) => {
    const pair = await openPair(harness, { client: throwing("closed"), server: throwing("closed") });
    pair.client.connection.close(4001, "");
    await waitClosed(harness, pair);
    assertEqual([pair.client.heard.closes.length, pair.server.heard.closes.length], [1, 1], "closed is heard once");
  },

  "closes with 4100 when nobody can be found to listen": async (harness) => {
    harness.accept(() => {
      throw new Error("this server is broken");
    });
    const { heard } = dial(harness);
    await waitUntil(harness, "closed is heard", () => heard.has("closed"));
    assertEqual([heard.closes[0]?.code, heard.closes[0]?.cause], [INTERNAL, "closed"], "the client sees 4100");
  },

  "leaves other connections alone when a listener throws [TRANS-7]": async (harness) => {
    const healthy = await openPair(harness);
    const broken = await openPair(harness, { server: throwing("received") });
    broken.client.connection.send(Uint8Array.of(1));
    await waitClosed(harness, broken);
    healthy.client.connection.send(Uint8Array.of(2));
    await waitUntil(harness, "the message arrives", () => healthy.server.heard.has("received"));
    assertEqual(healthy.client.heard.closes, [], "the other connection lives");
  },

  "lets a listener send, close and dial from inside a callback": async (harness) => {
    const dialled: Array<ReturnType<typeof dial>> = [];
    const pair = await openPair(harness, {
      server: {
        received(message) {
          pair.server.connection.send(message as Uint8Array);
          dialled.push(dial(harness));
          pair.server.connection.close(4090, "done");
        },
      },
    });
    pair.client.connection.send(Uint8Array.of(5));
    await waitClosed(harness, pair);
    assertEqual(pair.client.heard.messages, [Uint8Array.of(5)], "the echo comes first");
    assertEqual(pair.client.heard.closes[0]?.code, 4090, "then the close");
    await waitUntil(harness, "the new connection opens", () => dialled.every(({ heard }) => heard.has("opened")));
  },
};

function throwing(name: keyof ConnectionListener): Partial<ConnectionListener> {
  return {
    [name]() {
      throw new Error(`${name} is broken`);
    },
  };
}
