import type { Metric, MetricDescription, MetricSample } from "./metric.ts";

/** The type of the text that {@link printMetrics} makes. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The most values of one metric; what is above is left out, and counted. Spec: OBS-5. */
export const MAX_SAMPLES = 200;

/** The metric at the end of the page. */
export const LEFT_OUT_METRIC = {
  name: "moorline_metric_samples_left_out",
  type: "gauge",
  help: `Values that this page does not have, because their metric has more than ${MAX_SAMPLES} or could not be read.`,
} as const satisfies MetricDescription;

/**
 * The metrics in the text format of Prometheus.
 * @param failed Hears what a metric has thrown; the others are printed all the same.
 */
export function printMetrics(metrics: Iterable<Metric>, failed: (error: unknown) => void): string {
  const lines: string[] = [];
  let leftOut = 0;
  for (const metric of metrics) {
    const samples = collect(metric, failed);
    lines.push(...printMetric(metric, (samples ?? []).slice(0, MAX_SAMPLES)));
    leftOut += samples === undefined ? 1 : Math.max(0, samples.length - MAX_SAMPLES);
  }
  lines.push(...printMetric(LEFT_OUT_METRIC, [{ value: leftOut }]));
  return `${lines.join("\n")}\n`;
}

function printMetric({ name, type, help }: MetricDescription, samples: readonly MetricSample[]): string[] {
  const head = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
  return [...head, ...samples.map((sample) => printSample(name, sample))];
}

/** @returns undefined where the metric has thrown. */
function collect(metric: Metric, failed: (error: unknown) => void): MetricSample[] | undefined {
  try {
    const collected = metric.collect();
    return typeof collected === "number" ? [{ value: collected }] : [...collected];
  } catch (error) {
    failed(error);
    return undefined;
  }
}

function printSample(name: string, { labels = {}, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${printValue(value)}`;
}

function printValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replace(/"/g, '\\"');
}
