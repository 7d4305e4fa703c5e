import { assert, assertEqual } from "./assertions.ts";
import { dial, openPair, type TransportTests, waitQuiet, waitUntil } from "./transport-harness.ts";

const FAILED = { code: 1006, cause: "failed" };

/** How connections are opened, and how opening fails. */
export const dialingTests: TransportTests = {
  "gives the connection back at once and calls the listener later": async (harness) => {
    harness.accept((connection) => ({ opened() {}, received() {}, drained() {}, closed: () => connection.abort() }));
    const { heard, connection } = dial(harness);
    assertEqual(heard.calls, [], "nothing is heard from inside dial");
    assertEqual(connection.bufferedBytes, 0, "nothing is buffered at the start");
    await waitUntil(harness, "the connection opens", () => heard.has("opened"));
  },

  "says opened once and first, to the side that dialled only": async (harness) => {
    const { client, server } = await openPair(harness);
    server.connection.send(Uint8Array.of(1));
    await waitUntil(harness, "a message arrives", () => client.heard.has("received"));
    const opened = client.heard.calls.filter((call) => call === "opened");
    assertEqual([client.heard.calls[0], opened.length], ["opened", 1], "opened is the first call, and the only opened");
    assert(!server.heard.has("opened"), "an accepted connection is open from the start");
  },

  "lets an accepted connection send from the start": async (harness) => {
    harness.accept((connection) => {
      connection.send(Uint8Array.of(7));
      return { opened() {}, received() {}, drained() {}, closed() {} };
    });
    const { heard } = dial(harness);
    await waitUntil(harness, "the message arrives", () => heard.has("received"));
    assertEqual(heard.calls.slice(0, 2), ["opened", "received"], "opened comes before the first message");
  },

  "reports a refused dial as closed, with the cause failed, and without opened": async (harness) => {
    const { heard } = dial(harness, {}, harness.refusedEndpoint);
    await waitUntil(harness, "closed is heard", () => heard.has("closed"));
    assertEqual(heard.calls, ["closed"], "closed is all that is heard");
    assertEqual({ ...heard.closes[0], reason: "" }, { code: 1006, reason: "", cause: "failed" }, "it failed with 1006");
    assert((heard.closes[0]?.reason ?? "") !== "", "the reason says what failed");
  },

  "reports a malformed endpoint as closed, with the cause failed, and does not throw": async (harness) => {
    for (const endpoint of ["", "no endpoint at all", "http//:", "::"]) {
      const { heard } = dial(harness, {}, endpoint);
      assertEqual(heard.calls, [], "nothing is heard from inside dial");
      await waitUntil(harness, "closed is heard", () => heard.has("closed"));
      const { code, cause } = heard.closes[0] ?? {};
      assertEqual({ code, cause }, FAILED, `dialling ${JSON.stringify(endpoint)} failed with 1006`);
    }
  },

  "ends an attempt that is aborted, with the cause failed, and leaves nothing behind [TRANS-1]": async (harness) => {
    let accepted = 0;
    let ended = 0;
    harness.accept(() => {
      accepted += 1;
      return { opened() {}, received() {}, drained() {}, closed: () => (ended += 1) };
    });
    const { connection, heard } = dial(harness);
    connection.abort();
    assertEqual(heard.calls, [], "nothing is heard from inside abort");
    await waitUntil(harness, "closed is heard", () => heard.has("closed"));
    const { code, cause } = heard.closes[0] ?? {};
    assertEqual({ code, cause }, FAILED, "the attempt failed with 1006");
    await waitUntil(harness, "no accepted connection stays", () => accepted === ended);
    await waitQuiet(harness);
    assertEqual(heard.calls, ["closed"], "closed is all that is heard");
  },

  "takes close before opened as abort": async (harness) => {
    harness.accept(() => ({ opened() {}, received() {}, drained() {}, closed() {} }));
    const { connection, heard } = dial(harness);
    connection.close(4001, "too early");
    await waitUntil(harness, "closed is heard", () => heard.has("closed"));
    const { code, cause } = heard.closes[0] ?? {};
    assertEqual([heard.calls, code, cause], [["closed"], 1006, "failed"], "the attempt failed with 1006");
  },

  "drops what is sent before opened": async (harness) => {
    const received: unknown[] = [];
    harness.accept(() => ({ opened() {}, received: (message) => received.push(message), drained() {}, closed() {} }));
    const { connection, heard } = dial(harness, { opened: () => connection.send(Uint8Array.of(2)) });
    connection.send(Uint8Array.of(1));
    await waitUntil(harness, "a message arrives", () => received.length > 0 && heard.has("opened"));
    assertEqual(received, [Uint8Array.of(2)], "only what was sent after opened arrives");
  },
};
