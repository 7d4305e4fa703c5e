import { describe, expect, it } from "vitest";
import type { Frame } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call } from "../../../src/channel/call.ts";
import { okResult } from "../../../src/channel/frames.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import {
  cancel,
  credit,
  end,
  halfClose,
  headers,
  message,
  open,
  part,
  unknownFrame,
} from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";

const KIB = 1024;
const WINDOW = 4 * KIB;
const MAX_CALLS = 8;
const MAX_MESSAGE = 50 * KIB;

/** Frames of any kind, more often than not such as may come. */
class FrameSource {
  private readonly random: SimulatedRandom;
  private highestId = -1;

  constructor(random: SimulatedRandom) {
    this.random = random;
  }

  next(): Frame {
    const { random } = this;
    const id = random.chance(0.995) ? 1 + 2 * random.int((this.highestId + 1) / 2) : random.int(1000);
    const bytes = random.bytes(random.int(random.chance(0.1) ? 20 * KIB : 300));
    const isLast = random.chance(0.02);
    if (this.highestId < 0 || random.chance(0.1))
      return this.open(random.chance(0.5) ? { message: bytes } : {}, isLast);
    const kinds = [
      () => message(id, bytes, isLast),
      () => part(id, bytes),
      () => credit(id, random.pick([0, 1, 5_000, Number.MAX_SAFE_INTEGER])),
      () => random.pick([cancel(id), unknownFrame(id), random.chance(0.02) ? end(id) : halfClose(id)]),
      () => (random.chance(0.01) ? headers(id) : message(id, new Uint8Array(0))),
    ];
    return random.pick(kinds)();
  }

  private open(init: Parameters<typeof open>[1], isLast: boolean): Frame {
    this.highestId += this.random.chance(0.995) ? 2 : 1;
    return open(this.highestId, init, isLast);
  }
}

/** What an application may do with a call at any time. */
function useCall(random: SimulatedRandom, call: Call): void {
  const uses = [
    () => call.read(),
    () => call.read(),
    () => call.send(random.bytes(random.int(3_000)), random.chance(0.1)),
    () => random.chance(0.1) && call.end({ ...okResult, lastMessage: random.bytes(random.int(40 * KIB)) }),
    () => random.chance(0.1) && call.cancel(),
    () => random.chance(0.1) && call.halfClose(),
  ];
  random.pick(uses)();
}

describe("Channel: a peer that sends anything", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "is answered or refused, never thrown at, within bounds, seed %d [INV-14, CALL-2]",
    (seed) => {
      const random = new SimulatedRandom(seed);
      let accepted = 0;
      for (let life = 0; life < 100; life += 1) {
        const limits = { initialCreditBytes: WINDOW, maxCalls: MAX_CALLS, maxMessageBytes: MAX_MESSAGE };
        const peer = new ScriptedPeer({ limits, peerLimits: limits });
        const source = new FrameSource(random);
        const own = Array.from({ length: random.int(3) }, () => peer.open().call);
        for (let step = 0; step < 300; step += 1) {
          const frames = Array.from({ length: 1 + random.int(4) }, () => source.next());
          const violation = random.chance(0.98)
            ? peer.send(...frames)
            : peer.sendAs(random.int(peer.sent + 5), ...frames);
          if (violation !== undefined) break;
          const calls = [...own, ...peer.served];
          if (calls.length > 0) useCall(random, random.pick(calls));
          if (random.chance(0.7)) peer.take();
          if (random.chance(0.5)) peer.acknowledge();
          expect(peer.channel.calls.size).toBeLessThanOrEqual(2 * MAX_CALLS + own.length);
        }
        accepted += peer.channel.received;
        // A window for each call and one frame more, one large message for those whose reader waited, and what is not acknowledged.
        expect(peer.channel.heldBytes).toBeLessThan(2 * MAX_CALLS * (WINDOW + 32 * KIB + MAX_MESSAGE) + 4 * KIB * KIB);
      }
      expect(accepted).toBeGreaterThan(2_000);
    },
  );
});
