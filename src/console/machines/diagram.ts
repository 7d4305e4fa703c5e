import { type Layers, type Slot, toLayers } from "./layers.ts";
import { edgesOf, type MachineTable } from "./machine-table.ts";

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

/** A machine as it is drawn. */
export interface Diagram {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** Those from a state to itself are not drawn. */
  readonly arrows: readonly Arrow[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const CHAR_WIDTH = 7.4;
const BOX_HEIGHT = 34;
const BOX_PADDING = 14;
const MARGIN = 14;
const GAPS = { right: { layer: 72, slot: 22 }, down: { layer: 44, slot: 18 } } as const;
/** A bend takes less room than a box. */
const BEND = 12;

/** Draws a machine. The same table is drawn the same way each time. Spec: CONSOLE-9. */
export function drawMachine(table: MachineTable, direction: Direction): Diagram {
  const layers = toLayers(table);
  const places = placeSlots(layers, direction);
  const boxes = Object.keys(table.transitions).map((state) => boxOf(state, places.get(state) ?? { x: 0, y: 0 }));
  const byState = new Map(boxes.map((box) => [box.state, box]));
  const events = new Map(edgesOf(table).map((edge) => [`${edge.from}>${edge.to}`, edge.events]));
  const arrows = layers.routes.map(({ from, to, slots }): Arrow => {
    const bends = slots.slice(1, -1).map((slot) => places.get(slot) ?? { x: 0, y: 0 });
    const [start, end] = [byState.get(from), byState.get(to)];
    const path = start === undefined || end === undefined ? "" : pathOf(start, bends, end, direction);
    return { from, to, events: events.get(`${from}>${to}`) ?? [], path };
  });
  const right = Math.max(...[...places.values()].map(({ x }) => x), ...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...[...places.values()].map(({ y }) => y), ...boxes.map(({ y, height }) => y + height));
  return { width: right + MARGIN, height: bottom + MARGIN, boxes, arrows };
}

function widthOf(state: string): number {
  return Math.round(state.length * CHAR_WIDTH) + BOX_PADDING * 2;
}

function boxOf(state: string, { x, y }: Point): Box {
  const width = widthOf(state);
  return { state, x: x - width / 2, y: y - BOX_HEIGHT / 2, width, height: BOX_HEIGHT };
}

/** The middle of each slot: layers one behind the other, in each its slots side by side, all around one axis. */
function placeSlots({ layers }: Layers, direction: Direction): ReadonlyMap<string, Point> {
  const gap = GAPS[direction];
  const across = (slot: Slot): number => sizeOf(slot, direction === "right" ? "height" : "width");
  const along = (slot: Slot): number => sizeOf(slot, direction === "right" ? "width" : "height");
  const breadths = layers.map((layer) => sum(layer.map(across)) + gap.slot * (layer.length - 1));
  const middle = Math.max(...breadths) / 2 + MARGIN;
  const places = new Map<string, Point>();
  let start = MARGIN;
  layers.forEach((layer, index) => {
    const depth = Math.max(...layer.map(along));
    let offset = middle - (breadths[index] ?? 0) / 2;
    for (const slot of layer) {
      const [main, cross] = [start + depth / 2, offset + across(slot) / 2];
      places.set(slot.name, direction === "right" ? { x: main, y: cross } : { x: cross, y: main });
      offset += across(slot) + gap.slot;
    }
    start += depth + gap.layer;
  });
  return places;
}

function sizeOf({ name, kind }: Slot, side: "width" | "height"): number {
  if (kind === "bend") return BEND;
  return side === "width" ? widthOf(name) : BOX_HEIGHT;
}

/** A smooth line from the side of one box over bends to the side of another. What leads back leaves at the other side. */
function pathOf(from: Box, bends: readonly Point[], to: Box, direction: Direction): string {
  const isForward = direction === "right" ? from.x < to.x : from.y < to.y;
  const points = [sideOf(from, isForward, direction, -1), ...bends, sideOf(to, !isForward, direction, 1)];
  const [first = { x: 0, y: 0 }] = points;
  const curves = points.slice(1).map((point, index) => curveOf(points[index] ?? first, point, direction));
  return `M${first.x} ${first.y}${curves.join("")}`;
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
