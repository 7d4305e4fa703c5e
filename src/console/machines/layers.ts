import { edgesOf, hubsOf, type MachineTable } from "./machine-table.ts";

/** A place in the diagram: a state, or a point that a long arrow passes. */
export interface Slot {
  /** The state; of a point the arrow, as `from>to#layer`. */
  readonly name: string;
  readonly kind: "state" | "bend";
}

/** An arrow by the slots that it passes, from its state to its state. */
export interface Route {
  readonly from: string;
  readonly to: string;
  readonly slots: readonly string[];
}

/** A machine in layers: every arrow leads from one to the next, or back. */
export interface Layers {
  readonly layers: readonly (readonly Slot[])[];
  /** Arrows between two states, by state in the order of the schema; but for those to a hub, and from a state to itself. */
  readonly routes: readonly Route[];
}

const SWEEPS = 8;

/**
 * Lays a machine out in layers: the initial state first, every state behind those that lead to it, arrows that lead back
 * turned round, and a bend in each layer that a long arrow passes. The order in a layer is that of the neighbours' middle.
 * The same table is laid out the same way each time.
 */
export function toLayers(table: MachineTable): Layers {
  const all = edgesOf(table).filter(({ from, to }) => from !== to);
  const hubs = hubsOf(table);
  const arrows = all.filter(({ to }) => !hubs.has(to));
  const ranks = rankStates(Object.keys(table.transitions), turnForward(table, arrows));
  // What most states lead to stands at the end, wherever else it might, and leaves no layer empty.
  const last = Math.max(...ranks.values());
  for (const hub of hubs) if (hub !== table.initial) ranks.set(hub, last);
  const used = [...new Set(ranks.values())].sort((one, other) => one - other);
  for (const [state, rank] of ranks) ranks.set(state, used.indexOf(rank));
  const layers: Slot[][] = [];
  const put = (layer: number, slot: Slot): void => {
    layers[layer] ??= [];
    layers[layer]?.push(slot);
  };
  for (const [name, rank] of ranks) put(rank, { name, kind: "state" });
  const routes = arrows.map(({ from, to }): Route => {
    const slots = [from];
    const [start, end] = [ranks.get(from) ?? 0, ranks.get(to) ?? 0];
    for (let layer = start + Math.sign(end - start); layer !== end; layer += Math.sign(end - start)) {
      const name = `${from}>${to}#${layer}`;
      put(layer, { name, kind: "bend" });
      slots.push(name);
    }
    return { from, to, slots: [...slots, to] };
  });
  return { layers: sortLayers(layers, routes), routes };
}

type Arrow = Pick<Route, "from" | "to">;

/** The arrows with those turned round that close a circle, seen from the initial state in the order of the schema. */
function turnForward({ initial, transitions }: MachineTable, arrows: readonly Arrow[]): Arrow[] {
  const done = new Set<string>();
  const path = new Set<string>();
  const result: Arrow[] = [];
  const visit = (state: string): void => {
    path.add(state);
    for (const { from, to } of arrows) {
      if (from !== state) continue;
      result.push(path.has(to) ? { from: to, to: from } : { from, to });
      if (!done.has(to) && !path.has(to)) visit(to);
    }
    path.delete(state);
    done.add(state);
  };
  visit(initial);
  for (const state of Object.keys(transitions)) if (!done.has(state)) visit(state);
  return result;
}

/** The layer of each state: one more than the last of those before it. */
function rankStates(states: readonly string[], arrows: readonly Arrow[]): Map<string, number> {
  const ranks = new Map(states.map((state) => [state, 0]));
  // Without circles this comes to rest; a table never needs more rounds than it has states.
  for (let round = 0; round < states.length; round += 1) {
    for (const { from, to } of arrows) ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(from) ?? 0) + 1));
  }
  return ranks;
}

/** Orders every layer by the middle of the neighbours, forth and back, so that few arrows cross. */
function sortLayers(layers: readonly Slot[][], routes: readonly Route[]): Slot[][] {
  const neighbours = new Map<string, string[]>();
  const join = (one: string, other: string): void => {
    neighbours.set(one, [...(neighbours.get(one) ?? []), other]);
    neighbours.set(other, [...(neighbours.get(other) ?? []), one]);
  };
  for (const { slots } of routes)
    for (let at = 1; at < slots.length; at += 1) join(slots[at - 1] ?? "", slots[at] ?? "");
  let sorted = layers.map((layer) => [...layer]);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const places = placesOf(sorted);
    const middleOf = ({ name }: Slot): number => {
      const near = (neighbours.get(name) ?? []).map((other) => places.get(other) ?? 0);
      return near.length === 0 ? (places.get(name) ?? 0) : near.reduce((sum, place) => sum + place, 0) / near.length;
    };
    sorted = sorted.map((layer) => layer.toSorted((one, other) => middleOf(one) - middleOf(other)));
  }
  return sorted;
}

/** How far from the middle of its layer each slot is. */
function placesOf(layers: readonly (readonly Slot[])[]): ReadonlyMap<string, number> {
  return new Map(
    layers.flatMap((layer) => layer.map(({ name }, index): [string, number] => [name, index - (layer.length - 1) / 2])),
  );
}
