import { assert, assertEqual } from "./assertions.ts";
import { openPair, type Side, type TransportTests, waitClosed, waitQuiet, waitUntil } from "./transport-harness.ts";

/** How connections end. */
export const closingTests: TransportTests = {
  "carries code and reason of the client, and says closed once and last on both sides [TRANS-3]": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.close(4390, "bye, grüße");
    assert(!pair.client.heard.has("closed"), "closed is not heard from inside close");
    await waitClosed(harness, pair);
    await waitQuiet(harness);
    assertEqual(
      pair.server.heard.closes,
      [{ code: 4390, reason: "bye, grüße", cause: "closed" }],
      "the server sees both",
    );
    assertEndedOnce(pair.client);
    assertEndedOnce(pair.server);
    assertEqual(pair.client.heard.closes[0]?.cause, "closed", "it had been open");
  },

  "carries code and reason of the server": async (harness) => {
    const pair = await openPair(harness);
    pair.server.connection.close(4107, "restarting");
    await waitClosed(harness, pair);
    assertEqual(
      pair.client.heard.closes,
      [{ code: 4107, reason: "restarting", cause: "closed" }],
      "the client sees both",
    );
    assertEndedOnce(pair.server);
  },

  "carries the codes 1000, 3000 and 4999": async (harness) => {
    for (const code of [1000, 3000, 4999]) {
      const pair = await openPair(harness);
      pair.client.connection.close(code, "");
      await waitClosed(harness, pair);
      assertEqual(pair.server.heard.closes, [{ code, reason: "", cause: "closed" }], `the server sees ${code}`);
    }
  },

  "says 4100 for a code that must not be said": async (harness) => {
    for (const code of [0, 1001, 1006, 2999, 5000, Number.NaN]) {
      const pair = await openPair(harness);
      pair.client.connection.close(code, "");
      await waitClosed(harness, pair);
      assertEqual(pair.server.heard.closes[0]?.code, 4100, `${code} becomes 4100`);
    }
  },

  "cuts a reason to 123 bytes at the end of a character [TRANS-6]": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.close(4001, `${"x".repeat(121)}€ and more`);
    await waitClosed(harness, pair);
    assertEqual(pair.server.heard.closes[0]?.reason, "x".repeat(121), "the € does not fit");
    const second = await openPair(harness);
    second.server.connection.close(4001, `${"x".repeat(120)}€ and more`);
    await waitClosed(harness, second);
    assertEqual(second.client.heard.closes[0]?.reason, `${"x".repeat(120)}€`, "here it does");
  },

  "delivers what was sent before close, before closed [TRANS-5]": async (harness) => {
    for (const from of ["client", "server"] as const) {
      const pair = await openPair(harness);
      const to = from === "client" ? pair.server : pair.client;
      for (let index = 0; index < 20; index++) pair[from].connection.send(new Uint8Array(20_000).fill(index));
      pair[from].connection.close(4000, "");
      await waitClosed(harness, pair);
      assertEqual(to.heard.messages.length, 20, "all messages have come");
      assertEqual(to.heard.closes[0]?.code, 4000, "and the code");
      assertEndedOnce(to);
    }
  },

  "does nothing when it is closed twice": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.close(4001, "first");
    pair.client.connection.close(4002, "second");
    await waitClosed(harness, pair);
    pair.client.connection.close(4003, "third");
    pair.client.connection.abort();
    await waitQuiet(harness);
    assertEqual(pair.server.heard.closes, [{ code: 4001, reason: "first", cause: "closed" }], "the first one counts");
    assertEndedOnce(pair.client);
  },

  "drops what is sent after close and after closed, and does not throw [TRANS-2]": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.send(Uint8Array.of(1));
    pair.client.connection.close(4000, "");
    pair.client.connection.send(Uint8Array.of(2));
    await waitClosed(harness, pair);
    pair.client.connection.send(Uint8Array.of(3));
    pair.server.connection.send(Uint8Array.of(4));
    await waitQuiet(harness);
    assertEqual(pair.server.heard.messages, [Uint8Array.of(1)], "only what was sent before close arrives");
    assertEqual(pair.client.heard.messages, [], "nothing arrives after closed");
    assertEqual(pair.client.connection.bufferedBytes, 0, "what was dropped is not buffered");
  },

  "hears nothing more but closed after its own close [TRANS-5]": async (harness) => {
    const pair = await openPair(harness, {
      server: { received: () => Array.from({ length: 50 }, () => pair.server.connection.send(new Uint8Array(1_000))) },
    });
    pair.client.connection.send(Uint8Array.of(1));
    await waitUntil(harness, "the first answer comes", () => pair.client.heard.has("received"));
    const before = pair.client.heard.messages.length;
    pair.client.connection.close(4000, "");
    await waitClosed(harness, pair);
    assertEqual(pair.client.heard.messages.length, before, "no message after close");
    assertEndedOnce(pair.client);
  },

  "ends once on both sides when both close at once": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.close(4001, "client");
    pair.server.connection.close(4002, "server");
    await waitClosed(harness, pair);
    await waitQuiet(harness);
    assertEndedOnce(pair.client);
    assertEndedOnce(pair.server);
  },

  "drops the connection on abort: closed comes next, with 1006": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.abort();
    assert(!pair.client.heard.has("closed"), "closed is not heard from inside abort");
    await waitClosed(harness, pair);
    const [close] = pair.client.heard.closes;
    assertEqual([close?.code, close?.cause], [1006, "closed"], "it had been open, and there was no code");
    await waitQuiet(harness);
    assertEndedOnce(pair.client);
    assertEndedOnce(pair.server);
  },

  "drops an accepted connection on abort": async (harness) => {
    const pair = await openPair(harness);
    pair.server.connection.abort();
    await waitClosed(harness, pair);
    assertEqual(pair.server.heard.closes[0]?.code, 1006, "there was no code");
    assertEndedOnce(pair.client);
  },

  "says 1006 when an orderly closing is aborted": async (harness) => {
    const pair = await openPair(harness);
    pair.client.connection.close(4001, "");
    pair.client.connection.abort();
    await waitClosed(harness, pair);
    assertEqual(pair.client.heard.closes[0]?.code, 1006, "there was no code");
    assertEndedOnce(pair.client);
  },
};

function assertEndedOnce({ heard }: Side): void {
  assertEqual(heard.closes.length, 1, "closed is heard once");
  assertEqual(heard.calls.at(-1), "closed", "closed is heard last");
}
