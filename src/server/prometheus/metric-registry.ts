import { MoorlineError } from "../../wire/moorline-error.ts";
import type { Metric } from "./metric.ts";
import { LEFT_OUT_METRIC } from "./print-metrics.ts";
import { SERVER_METRICS } from "./server-metrics-table.ts";

const NAME = /^[a-z][a-z0-9_]{0,127}$/;
const MAX_METRICS = 200;
const RESERVED = new Set([...SERVER_METRICS, LEFT_OUT_METRIC].map(({ name }) => name));

/** Metrics of an application, printed with those of its server. Made by {@link createMetricRegistry}. */
export interface MetricRegistry {
  /**
   * Adds a metric.
   * @returns What takes it away.
   * @throws MoorlineError OPTION_INVALID where the name is malformed or taken, or there are 200.
   */
  register(metric: Metric): () => void;
  /** Every metric, in the order of their coming. */
  readonly metrics: Iterable<Metric>;
}

/** Makes a registry without any metric. Spec: OBS-5. */
export function createMetricRegistry(): MetricRegistry {
  const metrics = new Map<string, Metric>();
  return {
    register(metric) {
      checkMetric(metric, metrics);
      metrics.set(metric.name, metric);
      return () => {
        if (metrics.get(metric.name) === metric) metrics.delete(metric.name);
      };
    },
    get metrics() {
      return metrics.values();
    },
  };
}

function checkMetric({ name, type, labels = [] }: Metric, metrics: ReadonlyMap<string, Metric>): void {
  const fault = findFault(name, type, labels);
  if (fault !== undefined) throw new MoorlineError("OPTION_INVALID", `The metric ${name} ${fault}.`, ACTION);
  if (RESERVED.has(name) || metrics.has(name)) {
    throw new MoorlineError("OPTION_INVALID", `There is a metric ${name} already.`, ACTION);
  }
  if (metrics.size >= MAX_METRICS) throw new MoorlineError("OPTION_INVALID", `There are ${MAX_METRICS} metrics.`);
}

function findFault(name: string, type: string, labels: readonly string[]): string | undefined {
  if (!NAME.test(name)) return "has a name of other characters than a-z, 0-9 and _, or of more than 128";
  if ((type === "counter") !== name.endsWith("_total")) return "is a counter without _total, or no counter and has it";
  return labels.every((label) => NAME.test(label) && !label.startsWith("__")) ? undefined : "has a malformed label";
}

const ACTION = { action: "Give it another name, as docs/metrics.md shows them." };
