import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue } from "../../../src/core/queue.ts";

type Step = { readonly kind: "push" | "clear" } | { readonly kind: "shift"; readonly count: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant({ kind: "push" } as const) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("shift" as const), count: fc.integer({ min: 1, max: 90 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "clear" } as const) },
  ),
  { maxLength: 300, size: "max" },
);

describe("Queue", () => {
  it("gives what was put in, in order, however it was filled and emptied", () => {
    fc.assert(
      fc.property(steps, (run) => {
        const queue = new Queue<number>();
        const model: number[] = [];
        let next = 0;
        for (const step of run) {
          if (step.kind === "push") {
            queue.push(next);
            model.push(next);
            next += 1;
          } else if (step.kind === "shift") {
            for (let i = 0; i < step.count; i += 1) expect(queue.shift()).toBe(model.shift());
          } else {
            queue.clear();
            model.length = 0;
          }
          expect(queue.length).toBe(model.length);
          expect([queue.at(0), queue.at(model.length - 1), queue.at(model.length)]).toEqual([
            model[0],
            model.at(-1),
            undefined,
          ]);
        }
        expect(Array.from({ length: queue.length }, (_, index) => queue.at(index))).toEqual(model);
      }),
    );
  });
});
