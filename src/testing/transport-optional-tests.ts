import type { Clock } from "../core/clock.ts";
import { systemClock } from "../transport/system-clock.ts";
import { assert, assertEqual } from "./assertions.ts";
import {
  dial,
  openPair,
  type Side,
  type SilentPeer,
  type TransportHarness,
  type TransportTests,
  waitUntil,
} from "./transport-harness.ts";
import { createNoise } from "./transport-message-tests.ts";

const MAX_PACKET_BYTES = 60 * 1024;
const DRAIN_BYTES = 64 * 1024;
const MAX_CLOSE_MS = 2_000;
/** Turns of the loop that a platform may need from destroying a socket to saying so. */
const PLATFORM_TURNS = 10;

/** For transports that can carry a text message. */
export const textTests: TransportTests = {
  "gives a text message as a string": async (harness) => {
    const { client } = await openPair(harness);
    assert(harness.sendText !== undefined, "the harness has sendText, or says that it lacks it");
    harness.sendText("grüße, 世界");
    await waitUntil(harness, "the message arrives", () => client.heard.has("received"));
    assertEqual(client.heard.messages, ["grüße, 世界"], "the text arrives as it is");
  },
};

/** For transports whose peer may neither read nor answer. */
export const silentPeerTests: TransportTests = {
  "keeps in the buffer what the peer does not read, and says drained when it reads": async (harness) => {
    const silent = silentOf(harness);
    const seenBytes: number[] = [];
    const drained = (): void => void seenBytes.push(connection.bufferedBytes);
    const { connection, heard } = dial(harness, { drained }, silent.endpoint);
    await waitUntil(harness, "the connection opens", () => heard.has("opened"));
    const packet = createNoise(MAX_PACKET_BYTES);
    let sentBytes = 0;
    for (; sentBytes < silent.floodBytes; sentBytes += packet.length) connection.send(packet);
    await waitUntil(harness, "something stays in the buffer", () => connection.bufferedBytes > DRAIN_BYTES);
    assert(connection.bufferedBytes <= sentBytes * 1.01, "no more is buffered than was sent");
    silent.read();
    await waitUntil(harness, "the buffer is empty", () => connection.bufferedBytes === 0);
    const hasDrained = (): boolean => seenBytes.some((bytes) => bytes <= DRAIN_BYTES);
    await waitUntil(harness, "drained is called at 64 KiB or below", hasDrained);
    connection.abort();
  },

  "ends within 2 s, with 1006, when the peer never answers the closing [TRANS-6]": async (harness) => {
    const side = dial(harness, {}, silentOf(harness).endpoint);
    await waitUntil(harness, "the connection opens", () => side.heard.has("opened"));
    await closesInTime(harness, side);
  },

  "ends within 2 s, with 1006, when the peer does not even read what was sent before the closing": async (harness) => {
    const silent = silentOf(harness);
    const side = dial(harness, {}, silent.endpoint);
    await waitUntil(harness, "the connection opens", () => side.heard.has("opened"));
    const packet = createNoise(MAX_PACKET_BYTES);
    for (let bytes = 0; bytes < silent.floodBytes; bytes += packet.length) side.connection.send(packet);
    await closesInTime(harness, side);
  },
};

/**
 * Closes a connection whose peer says nothing to that. What counts the time is a timer beside those of the transport,
 * not how late it is: where a busy machine holds the process up, it holds up both.
 */
async function closesInTime(harness: TransportHarness, { connection, heard }: Side): Promise<void> {
  const clock = harness.clock ?? systemClock;
  let isLate = false;
  const timer = clock.setTimer(MAX_CLOSE_MS, () =>
    afterTurns(clock, PLATFORM_TURNS, () => {
      isLate = !heard.has("closed");
    }),
  );
  connection.close(4001, "anybody there?");
  await waitUntil(harness, "closed is heard", () => heard.has("closed"));
  timer.cancel();
  assert(!isLate, `closed comes within ${MAX_CLOSE_MS} ms`);
  assertEqual([heard.closes[0]?.code, heard.closes[0]?.cause], [1006, "closed"], "there was no code");
}

function afterTurns(clock: Clock, turns: number, callback: () => void): void {
  clock.setTimer(0, turns <= 1 ? callback : () => afterTurns(clock, turns - 1, callback));
}

function silentOf({ silent }: TransportHarness): SilentPeer {
  assert(silent !== undefined, "the harness has a silent peer, or says that it lacks it");
  return silent;
}
