import { describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../../../src/server/index.ts";
import type { Metric } from "../../../../src/server/prometheus/metric.ts";

const gauge = (name: string, more: Partial<Metric> = {}): Metric => ({
  ...{ name, type: "gauge", help: "Some.", collect: () => 1 },
  ...more,
});

describe("createMetricRegistry", () => {
  it("keeps metrics in the order of their coming, until they are taken away", () => {
    const registry = createMetricRegistry();
    const remove = registry.register(gauge("moorline_agents"));
    registry.register(gauge("exec_jobs"));
    expect([...registry.metrics].map(({ name }) => name)).toEqual(["moorline_agents", "exec_jobs"]);
    remove();
    const again = gauge("moorline_agents");
    registry.register(again);
    remove();
    expect([...registry.metrics].map(({ name }) => name)).toEqual(["exec_jobs", "moorline_agents"]);
  });

  it("refuses a name that is taken, by another metric or by the server [OBS-5]", () => {
    const registry = createMetricRegistry();
    registry.register(gauge("exec_jobs"));
    for (const name of ["exec_jobs", "moorline_sessions"]) {
      expect(() => registry.register(gauge(name))).toThrow(/OPTION_INVALID.*already/);
    }
  });

  it("refuses names and labels that Prometheus does not take, and counters without _total [OBS-3, OBS-5]", () => {
    const registry = createMetricRegistry();
    const wrong = [
      gauge("a-b"),
      gauge("Jobs"),
      gauge("1st"),
      gauge(""),
      gauge("x".repeat(129)),
      gauge("jobs_total"),
      gauge("jobs", { type: "counter" }),
      gauge("jobs", { labels: ["a b"] }),
      gauge("jobs", { labels: ["__a"] }),
    ];
    for (const metric of wrong) expect(() => registry.register(metric)).toThrow(/OPTION_INVALID/);
    expect([...registry.metrics]).toEqual([]);
  });

  it("has room for 200 [INV-14]", () => {
    const registry = createMetricRegistry();
    for (let i = 0; i < 200; i += 1) registry.register(gauge(`metric_${i}`));
    expect(() => registry.register(gauge("one_more"))).toThrow(/200 metrics/);
  });
});
