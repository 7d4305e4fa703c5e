import { type KeyboardEvent, useId, useMemo } from "react";
import { type Box, drawMachine } from "../machines/diagram.ts";
import type { MachineTable } from "../machines/machine-table.ts";
import { useMedia } from "./use-media.ts";

interface MachineDiagramProps {
  readonly table: MachineTable;
  /** The present state. Undefined: not known. */
  readonly state: string | undefined;
  /** The state before, where the last event led from one to another. */
  readonly cameFrom: string | undefined;
  /** The state that is looked at. */
  readonly selected: string;
  readonly onSelect: (state: string) => void;
}

/** A machine drawn from its table: the present state is lit, and so is the arrow that led there. */
export function MachineDiagram({ table, state, cameFrom, selected, onSelect }: MachineDiagramProps) {
  const isNarrow = useMedia("(max-width: 720px)");
  const diagram = useMemo(() => drawMachine(table, isNarrow ? "down" : "right"), [table, isNarrow]);
  const marker = useId();
  const lit = `${cameFrom}>${state}`;
  const rank = ({ from, to }: { from: string; to: string }) =>
    `${from}>${to}` === lit ? 2 : from === selected ? 1 : 0;
  const arrows = diagram.arrows.toSorted((one, other) => rank(one) - rank(other));
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no field set in SVG.
    <svg
      className="diagram"
      viewBox={`0 0 ${diagram.width} ${diagram.height}`}
      width={diagram.width}
      height={diagram.height}
      role="group"
      aria-label={`The machine ${table.name}${state === undefined ? "" : `, now ${state}`}`}
    >
      <defs>
        {["plain", "near", "lit"].map((kind) => (
          <marker
            key={kind}
            id={`${marker}${kind}`}
            className={`tip ${kind}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8Z" />
          </marker>
        ))}
      </defs>
      {arrows.map((arrow) => {
        const kind = ["plain", "near", "lit"][rank(arrow)] ?? "plain";
        return (
          <path
            key={`${arrow.from}>${arrow.to}`}
            className={`arrow ${kind}`}
            d={arrow.path}
            markerEnd={`url(#${marker}${kind})`}
          >
            <title>{`${arrow.from} → ${arrow.to}: ${arrow.events.join(", ")}`}</title>
          </path>
        );
      })}
      {diagram.hubs.map(({ from, to, path }) => {
        const kind = state === to && cameFrom !== undefined ? "lit" : from.includes(selected) ? "near" : "plain";
        return (
          <path key={to} className={`arrow hub ${kind}`} d={path} markerEnd={`url(#${marker}${kind})`}>
            <title>{`to ${to} from ${from.join(", ")}`}</title>
          </path>
        );
      })}
      {diagram.boxes.map((box) => (
        <StateBox
          key={box.state}
          box={box}
          isPresent={box.state === state}
          isTerminal={table.terminal.includes(box.state)}
          isSelected={box.state === selected}
          onSelect={onSelect}
        />
      ))}
    </svg>
  );
}

interface StateBoxProps {
  readonly box: Box;
  readonly isPresent: boolean;
  readonly isTerminal: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (state: string) => void;
}

function StateBox({ box, isPresent, isTerminal, isSelected, onSelect }: StateBoxProps) {
  const { state, x, y, width, height } = box;
  const choose = (): void => onSelect(state);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  };
  const classes = ["state", isPresent && "present", isTerminal && "terminal", isSelected && "selected"];
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG.
    <g
      className={classes.filter(Boolean).join(" ")}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      aria-label={isPresent ? `${state}, the present state` : state}
      onClick={choose}
      onKeyDown={onKeyDown}
    >
      <rect x={x} y={y} width={width} height={height} rx={height / 2} />
      <text x={x + width / 2} y={y + height / 2} dominantBaseline="central" textAnchor="middle">
        {state.replaceAll("_", " ")}
      </text>
    </g>
  );
}
