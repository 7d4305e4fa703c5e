/** What a metric is, as its documentation says it. */
export interface MetricDescription {
  /** Its name, with its unit: `moorline_held_bytes`, `moorline_sent_bytes_total`. A counter ends with `_total`. */
  readonly name: string;
  /** `counter`: only rises, from 0 at the start of the process. `gauge`: goes up and down. */
  readonly type: "counter" | "gauge";
  /** What is counted, as one sentence. */
  readonly help: string;
  /** The names of its labels. Default: none. */
  readonly labels?: readonly string[];
}

/** One value of a metric. */
export interface MetricSample {
  /** A value for each label of the metric. Default: none. Never a text of a client, nor one of many. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that can be asked. */
export interface Metric extends MetricDescription {
  /** Its present values, a number where it has no labels. Asked at each request; what it throws leaves the metric out. */
  collect(): number | Iterable<MetricSample>;
}
