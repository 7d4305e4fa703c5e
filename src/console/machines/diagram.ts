import { type Layers, type Slot, toLayers } from "./layers.ts";
import { edgesOf, hubsOf, type MachineTable } from "./machine-table.ts";

/** Which way a diagram runs. */
export type Direction = "right" | "down";

/** A state as a box. Lengths are in the units of the view box. */
export interface Box {
  readonly state: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An arrow between two states. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
  /** The data of an SVG path. */
  readonly path: string;
}

/** The one arrow to a state that most others lead to. */
export interface HubArrow {
  readonly to: string;
  /** The states that it comes from. */
  readonly from: readonly string[];
  /** The data of an SVG path. */
  readonly path: string;
}

/** A machine as it is drawn. */
export interface Diagram {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** Those from a state to itself are not drawn, and those to a hub as one. */
  readonly arrows: readonly Arrow[];
  readonly hubs: readonly HubArrow[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const CHAR_WIDTH = 7.4;
const BOX_HEIGHT = 34;
const BOX_PADDING = 14;
const MARGIN = 14;
const GAPS = { right: { layer: 64, slot: 14 }, down: { layer: 46, slot: 12 } } as const;
/** A bend takes less room than a box. */
const BEND = 8;
/** How long the arrow to a hub is. */
const HUB_ARROW = 24;

/** Draws a machine. The same table is drawn the same way each time. Spec: CONSOLE-9. */
export function drawMachine(table: MachineTable, direction: Direction): Diagram {
  const layers = toLayers(table);
  const hubs = hubsOf(table);
  const places = placeSlots(layers, hubs, direction);
  const boxes = Object.keys(table.transitions).map((state) => boxOf(state, hubs, middleOf(places, state)));
  const byState = new Map(boxes.map((box) => [box.state, box]));
  const edges = edgesOf(table);
  const arrows = layers.routes.flatMap(({ from, to, slots }): Arrow[] => {
    const [start, end] = [byState.get(from), byState.get(to)];
    if (start === undefined || end === undefined) return [];
    const bends = slots.slice(1, -1).flatMap((slot) => places.get(slot) ?? []);
    const events = edges.find((edge) => edge.from === from && edge.to === to)?.events ?? [];
    return [{ from, to, events, path: pathOf(start, bends, end, direction) }];
  });
  return {
    width: Math.max(...boxes.map(({ x, width }) => x + width), ...[...places.values()].map(({ x }) => x)) + MARGIN,
    height: Math.max(...boxes.map(({ y, height }) => y + height), ...[...places.values()].map(({ y }) => y)) + MARGIN,
    boxes,
    arrows,
    hubs: boxes.filter(({ state }) => hubs.has(state)).map((box) => hubArrowOf(box, edges)),
  };
}

function hubArrowOf({ state, x, y, width }: Box, edges: readonly Pick<Arrow, "from" | "to">[]): HubArrow {
  const from = edges.filter((edge) => edge.to === state && edge.from !== state).map((edge) => edge.from);
  return { to: state, from, path: `M${x + width / 2} ${y - HUB_ARROW}V${y}` };
}

function widthOf(state: string): number {
  return Math.round(state.length * CHAR_WIDTH) + BOX_PADDING * 2;
}

/** A box; below the middle of its place where an arrow comes from above. */
function boxOf(state: string, hubs: ReadonlySet<string>, { x, y }: Point): Box {
  const width = widthOf(state);
  const top = y - BOX_HEIGHT / 2 + (hubs.has(state) ? HUB_ARROW / 2 : 0);
  return { state, x: x - width / 2, y: top, width, height: BOX_HEIGHT };
}

/** The room of a slot along the layers and across them, and where its middle is. */
interface Place extends Point {
  /** How deep its layer is. */
  readonly depth: number;
}

/** The middle of each slot: layers one behind the other, in each its slots side by side, all around one axis. */
function placeSlots({ layers }: Layers, hubs: ReadonlySet<string>, direction: Direction): ReadonlyMap<string, Place> {
  const gap = GAPS[direction];
  const sizeOf = ({ name, kind }: Slot, side: "width" | "height"): number => {
    if (kind === "bend") return BEND;
    return side === "width" ? widthOf(name) : BOX_HEIGHT + (hubs.has(name) ? HUB_ARROW : 0);
  };
  const across = (slot: Slot): number => sizeOf(slot, direction === "right" ? "height" : "width");
  const along = (slot: Slot): number => sizeOf(slot, direction === "right" ? "width" : "height");
  const breadths = layers.map((layer) => sum(layer.map(across)) + gap.slot * (layer.length - 1));
  const middle = Math.max(...breadths) / 2 + MARGIN;
  const places = new Map<string, Place>();
  let start = MARGIN;
  layers.forEach((layer, index) => {
    const depth = Math.max(...layer.map(along));
    let offset = middle - (breadths[index] ?? 0) / 2;
    for (const slot of layer) {
      const [main, cross] = [start + depth / 2, offset + across(slot) / 2];
      places.set(slot.name, { ...(direction === "right" ? { x: main, y: cross } : { x: cross, y: main }), depth });
      offset += across(slot) + gap.slot;
    }
    start += depth + gap.layer;
  });
  return places;
}

function middleOf(places: ReadonlyMap<string, Point>, name: string): Point {
  return places.get(name) ?? { x: 0, y: 0 };
}

/** A smooth line from the side of one box to the side of another, straight through each layer that it passes. */
function pathOf(from: Box, bends: readonly Place[], to: Box, direction: Direction): string {
  const isForward = direction === "right" ? from.x < to.x : from.y < to.y;
  const start = sideOf(from, isForward, direction, -1);
  const end = sideOf(to, !isForward, direction, 1);
  let at = start;
  let path = `M${at.x} ${at.y}`;
  for (const bend of bends) {
    const [near, far] = sidesOf(bend, isForward, direction);
    path += `${curveOf(at, near, direction)}L${far.x} ${far.y}`;
    at = far;
  }
  return path + curveOf(at, end, direction);
}

/** Where a line enters the layer of a bend, and where it leaves it. */
function sidesOf({ x, y, depth }: Place, isForward: boolean, direction: Direction): readonly [Point, Point] {
  const half = (isForward ? depth : -depth) / 2;
  return direction === "right"
    ? [
        { x: x - half, y },
        { x: x + half, y },
      ]
    : [
        { x, y: y - half },
        { x, y: y + half },
      ];
}

/** Where an arrow meets a box: forth and back keep apart. */
function sideOf({ x, y, width, height }: Box, isFar: boolean, direction: Direction, apart: number): Point {
  const shift = isFar === apart < 0 ? -5 : 5;
  if (direction === "right") return { x: isFar ? x + width : x, y: y + height / 2 + shift };
  return { x: x + width / 2 + shift, y: isFar ? y + height : y };
}

function curveOf(from: Point, to: Point, direction: Direction): string {
  const [dx, dy] = direction === "right" ? [(to.x - from.x) / 2, 0] : [0, (to.y - from.y) / 2];
  return `C${from.x + dx} ${from.y + dy} ${to.x - dx} ${to.y - dy} ${to.x} ${to.y}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
