import { assert, assertEqual } from "./assertions.ts";
import { openPair, type TransportTests, waitUntil } from "./transport-harness.ts";

const MAX_PACKET_BYTES = 60 * 1024;
const MANY = 500;

/** How messages travel. */
export const messageTests: TransportTests = {
  "keeps the order of many messages, both ways at once [TRANS-5]": async (harness) => {
    const { client, server } = await openPair(harness);
    const sent = Array.from({ length: MANY }, (_, index) => Uint8Array.of(index >> 8, index & 255));
    for (const message of sent) {
      client.connection.send(message);
      server.connection.send(message);
    }
    const hasAll = (): boolean => client.heard.messages.length >= MANY && server.heard.messages.length >= MANY;
    await waitUntil(harness, "all messages arrive", hasAll);
    assertEqual(client.heard.messages, sent, "the client receives them in order");
    assertEqual(server.heard.messages, sent, "the server receives them in order");
  },

  "carries messages of 0, 1, 125, 126 bytes and of 60 KiB unchanged [TRANS-5]": async (harness) => {
    const { client, server } = await openPair(harness);
    const sent = [0, 1, 125, 126, MAX_PACKET_BYTES].map(createNoise);
    for (const message of sent) {
      client.connection.send(message);
      server.connection.send(message);
    }
    const hasAll = (): boolean => client.heard.messages.length >= 5 && server.heard.messages.length >= 5;
    await waitUntil(harness, "all messages arrive", hasAll);
    assertEqual(client.heard.messages, sent, "the client receives the same bytes");
    assertEqual(server.heard.messages, sent, "the server receives the same bytes");
  },

  "sends the bytes of a view and not those around it": async (harness) => {
    const { client, server } = await openPair(harness);
    const whole = createNoise(1_000);
    client.connection.send(whole.subarray(10, 300));
    server.connection.send(whole.subarray(700));
    await waitUntil(harness, "both arrive", () => client.heard.has("received") && server.heard.has("received"));
    assertEqual(server.heard.messages, [whole.slice(10, 300)], "the server receives the view");
    assertEqual(client.heard.messages, [whole.slice(700)], "the client receives the view");
  },

  "gives bytes to keep: neither side sees what the other does to them later": async (harness) => {
    const { client, server } = await openPair(harness, {
      server: { received: (message) => message instanceof Uint8Array && message.fill(0) },
    });
    const sent = [createNoise(3_000), createNoise(40_000), createNoise(5)];
    const copies = sent.map((message) => message.slice());
    for (const message of sent) {
      client.connection.send(message);
      server.connection.send(message);
    }
    const hasAll = (): boolean => client.heard.messages.length >= 3 && server.heard.messages.length >= 3;
    await waitUntil(harness, "all messages arrive", hasAll);
    assertEqual(sent, copies, "the sender's bytes are unchanged, also where the receiver writes on its own");
    for (const message of sent) message.fill(255);
    assertEqual(client.heard.messages, copies, "what was received is unchanged when the sender writes on its own");
  },

  "gives bytes whose slice is a copy": async (harness) => {
    const { client, server } = await openPair(harness);
    server.connection.send(Uint8Array.of(1, 2, 3));
    await waitUntil(harness, "the message arrives", () => client.heard.has("received"));
    const [message] = client.heard.messages;
    assert(message instanceof Uint8Array, "a binary message arrives as bytes");
    message.slice().fill(9);
    assertEqual(message, Uint8Array.of(1, 2, 3), "writing on the slice changes nothing");
  },

  "empties its buffer and says drained": async (harness) => {
    const { client, server } = await openPair(harness);
    for (const { connection, heard } of [client, server]) {
      for (let index = 0; index < 4; index++) connection.send(createNoise(MAX_PACKET_BYTES));
      const sentBytes = 4 * MAX_PACKET_BYTES;
      assert(connection.bufferedBytes <= sentBytes + 1_000, "no more is buffered than was sent");
      const isDrained = (): boolean => connection.bufferedBytes === 0 && heard.has("drained");
      await waitUntil(harness, "the buffer is empty, and drained was called", isDrained);
    }
  },
};

/** Bytes that look like noise, the same for the same length. */
export function createNoise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + length) & 255);
}
