import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { CommandOutput } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import { MAX_DRAINED_BYTES, OutputPump } from "../../../../src/daemon/command/output-pump.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";

const options = { lineMs: 50, drainMs: 250 };

describe("OutputPump: after the exit", () => {
  it("stops after 1 MiB of a stream that always has more, and closes both [AGENT-5]", async () => {
    const stdout: Readable = new Readable({ read: (size) => void stdout.push(Buffer.alloc(size, "\n")) });
    const stderr = new Readable({ read: () => {} });
    const pump = new OutputPump(stdout, stderr, new SimulatedClock(), options);
    let bytes = 0;
    pump.processExited();
    await pump.run((items: CommandOutput[]) => {
      for (const { data } of items) bytes += data.length;
    });
    expect(bytes).toBeGreaterThan(MAX_DRAINED_BYTES);
    expect(bytes).toBeLessThan(MAX_DRAINED_BYTES + 262_144);
    expect([stdout.destroyed, stderr.destroyed]).toEqual([true, true]);
  });

  it("waits 250 ms in all for streams that stay open, and gives out what it holds [AGENT-5]", async () => {
    const clock = new SimulatedClock();
    const stdout = new Readable({ read: () => {} });
    const pump = new OutputPump(stdout, new Readable({ read: () => {} }), clock, options);
    const texts: string[] = [];
    let isOver = false;
    const over = pump
      .run((items) => void texts.push(...items.map(({ data }) => Buffer.from(data).toString())))
      .then(() => {
        isOver = true;
      });
    pump.processExited();
    const advance = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await advance(200);
    stdout.push("half");
    await advance(49);
    expect({ texts, isOver }).toEqual({ texts: [], isOver: false });
    await advance(1);
    expect({ texts, isOver }).toEqual({ texts: ["half"], isOver: true });
    await over;
  });

  it("waits as long where the program has been silent before, and loses none of its last words [AGENT-2, AGENT-5]", async () => {
    const clock = new SimulatedClock();
    const stdout = new Readable({ read: () => {} });
    const stderr = new Readable({ read: () => {} });
    const pump = new OutputPump(stdout, stderr, clock, options);
    const texts: string[] = [];
    const over = pump.run((items) => void texts.push(...items.map(({ data }) => Buffer.from(data).toString())));
    clock.advance(10_000);
    pump.processExited();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(200);
    await new Promise((resolve) => setImmediate(resolve));
    for (const stream of [stdout, stderr]) {
      stream.push("last\n");
      stream.push(null);
    }
    await over;
    expect(texts).toEqual(["last\n", "last\n"]);
  });
});
