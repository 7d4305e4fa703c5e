import { Code, type ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { CallOutcome, ChannelLossReason } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { createLostError, outcomeOf } from "../../../../src/rpc/call-errors.ts";
import { createMemoryJournalStore } from "../../../../src/server/index.ts";
import { Journal } from "../../../../src/server/journal/journal.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { journalLimits } from "../../../../src/wire/limits.ts";

it("runs nothing that is asked for after its end, and writes nothing down [JOURNAL-9, DRAIN-2]", async () => {
  const store = createMemoryJournalStore();
  const clock = new SimulatedClock();
  const journal = new Journal({ store, clock, limits: journalLimits, epoch: "e".repeat(22), failed: () => {} });
  journal.cut(createLostError(ChannelLossReason.DRAINED, CallOutcome.UNKNOWN));
  const heard: (ConnectError | undefined)[] = [];
  const run = {
    start: () => {
      throw new Error("it runs");
    },
    cancel: (error: ConnectError | undefined) => void heard.push(error),
  };
  const question = { key: "k", method: "pkg.v1.Service/Do", request: new Uint8Array(0), run };
  const refused = await new Promise<ConnectError>((resolve) => {
    journal.of("session").ask(question, { answered: () => {}, refused: resolve });
  });
  expect(refused).toMatchObject({ code: Code.Unavailable });
  expect(outcomeOf(refused)).toBe(CallOutcome.NOT_SENT);
  expect(heard).toEqual([refused]);
  await journal.quiet();
  expect(store.list("session")).toEqual([]);
});
