import { describe, expect, it } from "vitest";
import type { Metric } from "../../../../src/server/prometheus/metric.ts";
import { MAX_SAMPLES, printMetrics } from "../../../../src/server/prometheus/print-metrics.ts";

const ignore = (): void => {};
const metric = (collect: Metric["collect"]): Metric => ({ name: "a_b", type: "gauge", help: "Some.", collect });
const LEFT_OUT = /^moorline_metric_samples_left_out (\d+)$/m;

describe("printMetrics", () => {
  it("prints the text format: help, type, then a line for each value [OBS-3]", () => {
    const counter: Metric = {
      name: "moorline_sent_bytes_total",
      type: "counter",
      help: "Bytes\\ of\ntwo lines.",
      labels: ["kind", "to"],
      collect: () => [
        { labels: { kind: "a", to: 'b"\\\n' }, value: 1.5 },
        { labels: { kind: "c", to: "d" }, value: 2 ** 53 },
      ],
    };
    expect(printMetrics([counter, metric(() => 0)], ignore)).toBe(
      [
        "# HELP moorline_sent_bytes_total Bytes\\\\ of\\ntwo lines.",
        "# TYPE moorline_sent_bytes_total counter",
        'moorline_sent_bytes_total{kind="a",to="b\\"\\\\\\n"} 1.5',
        'moorline_sent_bytes_total{kind="c",to="d"} 9007199254740992',
        "# HELP a_b Some.",
        "# TYPE a_b gauge",
        "a_b 0",
        "# HELP moorline_metric_samples_left_out Values that this page does not have, because their metric has more than 200 or could not be read.",
        "# TYPE moorline_metric_samples_left_out gauge",
        "moorline_metric_samples_left_out 0",
        "",
      ].join("\n"),
    );
  });

  it("prints numbers that are none as the format has them", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const text = printMetrics([metric(() => values.map((value) => ({ value })))], ignore);
    expect(text).toContain("a_b NaN\na_b +Inf\na_b -Inf\n");
  });

  it("leaves out the values of a metric above 200, and counts them [OBS-5, INV-14]", () => {
    const many = metric(() =>
      Array.from({ length: MAX_SAMPLES + 50 }, (_, i) => ({ labels: { i: `${i}` }, value: i })),
    );
    const text = printMetrics([many], ignore);
    expect(text.match(/^a_b\{/gm)).toHaveLength(MAX_SAMPLES);
    expect(LEFT_OUT.exec(text)?.[1]).toBe("50");
  });

  it("leaves out a metric that throws, tells of it, and prints the others [OBS-5]", () => {
    const failures: unknown[] = [];
    const broken = metric(() => {
      throw new Error("broken");
    });
    const text = printMetrics([broken, { ...metric(() => 7), name: "other" }], (error) => failures.push(error));
    expect(text).toContain("\nother 7\n");
    expect(text).not.toMatch(/^a_b /m);
    expect([failures, LEFT_OUT.exec(text)?.[1]]).toEqual([[new Error("broken")], "1"]);
  });
});
