const WIDTH = 132;
const HEIGHT = 34;
const PAD = 3;
/** The plot never looks wilder than this. */
const LEAST_TOP_MS = 4;

/** The last round trips of a path, as a line. */
export function RoundTripPlot({ samplesMs, label }: { readonly samplesMs: readonly number[]; readonly label: string }) {
  const last = samplesMs.at(-1);
  if (last === undefined) return <span className="muted small">not measured</span>;
  const top = Math.max(LEAST_TOP_MS, ...samplesMs) * 1.1;
  const step = (WIDTH - 2 * PAD) / Math.max(1, samplesMs.length - 1);
  const points = samplesMs.map((ms, index): readonly [number, number] => [
    WIDTH - PAD - (samplesMs.length - 1 - index) * step,
    HEIGHT - PAD - (ms / top) * (HEIGHT - 2 * PAD),
  ]);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const [endX, endY] = points.at(-1) ?? [0, 0];
  return (
    <span className="round-trips">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={`${label}: ${toText(last)}`}
      >
        <polygon className="plot-area" points={`${PAD},${HEIGHT - PAD} ${line} ${endX.toFixed(1)},${HEIGHT - PAD}`} />
        <polyline className="plot-line" points={line} />
        <circle className="plot-dot" cx={endX} cy={endY} r="2.5" />
      </svg>
      <span className="value">{toText(last)}</span>
    </span>
  );
}

function toText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
