import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { fixtureJournal } from "../../../src/console/fixture/fixture-journal.ts";
import { drawMachine } from "../../../src/console/machines/diagram.ts";
import { toLayers } from "../../../src/console/machines/layers.ts";
import {
  edgesOf,
  hubsOf,
  MACHINE_TABLES,
  type MachineTable,
  tableOf,
} from "../../../src/console/machines/machine-table.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const machines = MACHINE_TABLES.map((table) => [table.name, table] as const);
const numbers = /-?\d+(?:\.\d+)?/g;

/** Whether two boxes share a point. */
function touch(one: { x: number; y: number; width: number; height: number }, other: typeof one): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

describe("the tables of the console", () => {
  it("are those of the schema, all of them [CONSOLE-9]", () => {
    const printed = globSync("gen/moorline/machine/v1/*_moorline.ts", { cwd: root }).flatMap((path) =>
      [...readFileSync(root + path, "utf8").matchAll(/^export const \w+Table = \{\n {2}name: "(\w+)"/gm)].map(
        ([, name]) => name,
      ),
    );
    expect(MACHINE_TABLES.map(({ name }) => name).sort()).toEqual(printed.sort());
    expect(tableOf("of a newer version")).toBeUndefined();
  });

  it.each(["online", "cut"] as const)("have a row for everything that the made-up host does which ends %s", (end) => {
    const { entries } = fixtureJournal(0, end).getSnapshot();
    const steps = entries.filter(({ transition }) => transition.outcome === TransitionOutcome.TAKEN);
    const without = steps.filter(({ transition: { machine, from, event, to } }) => {
      return tableOf(machine)?.transitions[from]?.[event]?.includes(to) !== true;
    });
    expect(without.map(({ transition: { machine, from, event, to } }) => [machine, from, event, to])).toEqual([]);
  });
});

describe("drawMachine", () => {
  it.each(machines)(
    "draws %s with every state and every arrow, in its frame, both ways [CONSOLE-9]",
    (_name, table) => {
      for (const direction of ["right", "down"] as const) {
        const { boxes, arrows, hubs, width, height } = drawMachine(table, direction);
        expect(boxes.map(({ state }) => state)).toEqual(Object.keys(table.transitions));
        const drawn = [...arrows, ...hubs.flatMap(({ to, from }) => from.map((one) => ({ from: one, to })))];
        const expected = edgesOf(table).filter(({ from, to }) => from !== to);
        expect(drawn.map(({ from, to }) => `${from}>${to}`).sort()).toEqual(
          expected.map(({ from, to }) => `${from}>${to}`).sort(),
        );
        for (const box of boxes) {
          expect(boxes.filter((other) => other !== box && touch(box, other))).toEqual([]);
          expect([box.x >= 0, box.y >= 0, box.x + box.width <= width, box.y + box.height <= height]).toEqual([
            true,
            true,
            true,
            true,
          ]);
        }
        for (const { path } of [...arrows, ...hubs]) {
          const points = [...path.matchAll(numbers)].map(([number]) => Number(number));
          expect(points.every((point) => point >= 0 && point <= Math.max(width, height))).toBe(true);
        }
      }
    },
  );

  it.each(machines)("draws %s the same way each time [CONSOLE-9]", (_name, table) => {
    expect(drawMachine(table, "right")).toEqual(drawMachine(structuredClone(table), "right"));
  });

  it("puts each state behind those that lead to it, and turns what leads back", () => {
    const table: MachineTable = {
      name: "tide",
      initial: "low",
      terminal: ["gone"],
      transitions: { high: { fell: ["low"], ended: ["gone"] }, low: { rose: ["high"], stayed: ["low"] }, gone: {} },
    };
    const { layers, routes } = toLayers(table);
    expect(layers.map((layer) => layer.map(({ name }) => name))).toEqual([["low"], ["high"], ["gone"]]);
    expect(routes.map(({ from, to }) => `${from}>${to}`)).toEqual(["high>low", "high>gone", "low>high"]);
  });

  it("bends an arrow in each layer that it passes", () => {
    const table: MachineTable = {
      name: "line",
      initial: "a",
      terminal: ["c"],
      transitions: { a: { next: ["b"], skip: ["c"] }, b: { next: ["c"] }, c: {} },
    };
    const { layers, routes } = toLayers(table);
    expect(layers.map((layer) => layer.length)).toEqual([1, 2, 1]);
    expect(routes.find(({ to, from }) => to === "c" && from === "a")?.slots).toEqual(["a", "a>c#1", "c"]);
  });

  it("draws the arrows to a state that most lead to as one", () => {
    const connection = tableOf("connection");
    if (connection === undefined) throw new Error("there is no machine connection");
    expect([...hubsOf(connection)]).toEqual(["disposed"]);
    const { hubs } = drawMachine(connection, "right");
    expect(hubs.map(({ to, from }) => [to, from])).toEqual([
      ["disposed", ["idle", "connecting", "connected", "disconnected"]],
    ]);
  });
});
