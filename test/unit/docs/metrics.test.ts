import { describe, expect, it } from "vitest";
import { AGENT_METRIC } from "../../../src/daemon/agent/agent-metrics.ts";
import type { MetricDescription } from "../../../src/server/prometheus/metric.ts";
import { LEFT_OUT_METRIC } from "../../../src/server/prometheus/print-metrics.ts";
import { SERVER_METRICS } from "../../../src/server/prometheus/server-metrics-table.ts";
import { COLLECTION_METRICS, TIMELINE_METRICS } from "../../../src/server/prometheus/store-metrics.ts";

const code = (text: string): string => `\`${text}\``;

function printTable(metrics: readonly MetricDescription[]): string {
  const rows = metrics.map(({ name, type, labels = [], help }) => [
    code(name),
    type,
    labels.map(code).join(", "),
    help,
  ]);
  return [["metric", "type", "labels", "what it counts"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const PAGE = `# Metrics

The metrics of Moorline, as a daemon prints them for Prometheus; how it is asked for them is in
[the guide](guides/observe.md), what has to hold in the section OBS of the [specification](spec.md). This page is checked
against the tables in the code: \`npx vitest run test/unit/docs/metrics.test.ts -u\` writes it anew.

## Of every server

${printTable([...SERVER_METRICS, LEFT_OUT_METRIC])}

Values that are 0 and have a label of a code, a verdict or a reason are not printed before the first one counts.

## Of collections, by \`createCollectionMetrics\`

${printTable(Object.values(COLLECTION_METRICS))}

## Of timelines, by \`createTimelineMetrics\`

${printTable(Object.values(TIMELINE_METRICS))}

## Of agents, by the reference daemon

${printTable([AGENT_METRIC])}
`;

describe("docs/metrics.md", () => {
  it("has every metric, as the code describes it [OBS-3]", async () => {
    await expect(PAGE).toMatchFileSnapshot("../../../docs/metrics.md");
  });

  it("tells no two metrics by one name [OBS-3]", () => {
    const names = PAGE.match(/`moorline_[a-z_]+`/g) ?? [];
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names).size).toBe(names.length);
  });
});
