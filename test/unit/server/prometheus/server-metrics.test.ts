import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Path, Purpose } from "../../../../gen/moorline/session/v1/packet_pb.ts";
import { idempotencyKey } from "../../../../src/rpc/context-keys.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import { createMemoryJournalStore, type ServerMetrics } from "../../../../src/server/index.ts";
import { printMetrics } from "../../../../src/server/prometheus/print-metrics.ts";
import { SERVER_METRICS } from "../../../../src/server/prometheus/server-metrics-table.ts";
import { NobodyService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { CallClient } from "../support/call-client.ts";
import { stageDaemon } from "../support/daemon.ts";
import { idOf, OTHER_KEY } from "../support/hello.ts";

/** The lines of the page that are no zeros, by their names and labels. */
function shown(metrics: ServerMetrics): Record<string, number> {
  const page = printMetrics(
    SERVER_METRICS.map((metric) => ({ ...metric, collect: () => metric.read(metrics) })),
    (error) => {
      throw error;
    },
  );
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const values = lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== 0));
}

const never = (): Promise<never> => new Promise(() => {});

describe("the metrics of a server", () => {
  it("have names with units, and say what they are [OBS-3]", () => {
    for (const { name, type, help } of SERVER_METRICS) {
      expect(name).toMatch(/^moorline_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(help).toMatch(/^[A-Z].*\.$/);
    }
    expect(new Set(SERVER_METRICS.map(({ name }) => name)).size).toBe(SERVER_METRICS.length);
  });

  it("count sessions, channels, connections, resumes and refusals, by names of the schema [OBS-3, OBS-5]", () => {
    const stage = stageDaemon();
    const client = stage.greet({ path: Path.RELAY });
    stage.greet({ purpose: Purpose.PROBE, path: Path.DIRECT });
    stage.greet({ sessionKey: "" });
    stage.greet({
      sessionKey: OTHER_KEY,
      resume: { channelId: idOf(9), epoch: idOf(9), received: 0n },
      path: Path.DIRECT,
    });
    client.connection?.abort();
    stage.clock.advance(0);
    const {
      moorline_received_bytes_total: received,
      moorline_sent_bytes_total: sent,
      ...rest
    } = shown(stage.server.metrics);
    expect([received, sent].every((bytes) => Number(bytes) > 100)).toBe(true);
    expect(rest).toEqual({
      'moorline_sessions{phase="active"}': 2,
      'moorline_channels{phase="attached"}': 1,
      'moorline_channels{phase="detached"}': 1,
      'moorline_connections{phase="probing"}': 1,
      'moorline_connections{phase="attached"}': 1,
      'moorline_connection_paths{path="direct"}': 2,
      'moorline_connections_total{transport="other"}': 4,
      moorline_probes_total: 1,
      moorline_attaches_total: 2,
      'moorline_resumes_total{verdict="epoch_changed"}': 1,
      'moorline_rejections_total{code="session_key_missing"}': 1,
    });
  });

  it("count each call once, by the kind of its method and its status [OBS-4]", async () => {
    const stage = stageDaemon({
      echo: {
        say: ({ text }) => {
          if (text === "fail") throw new ConnectError("no", Code.NotFound);
          if (text === "odd") throw new ConnectError("no", 99 as Code);
          return text === "wait" ? never() : { text };
        },
        async *count() {
          yield { number: 1 };
          await never();
        },
        join: async () => ({ number: 1 }),
      },
    });
    const client = new CallClient(stage);
    client.connect();
    const calls = ["", "fail", "odd", "wait"].map((text) => client.echo.say({ text }).catch(() => undefined));
    const late = client.echo.say({ text: "wait" }, { timeoutMs: 1_000 }).catch(() => undefined);
    const left = new AbortController();
    const stream = client.echo.count({}, { signal: left.signal })[Symbol.asyncIterator]();
    const first = stream.next();
    void client.echo.join((async function* () {})()).catch(() => undefined);
    const nobody = createServiceClient(NobodyService, client.transport)
      .say({})
      .catch(() => undefined);
    await stage.clock.advanceAsync(10);
    await first;
    const second = stream.next().catch(() => undefined);
    left.abort();
    await stage.clock.advanceAsync(2_000);
    await Promise.all([...calls.slice(0, 3), late, nobody, second]);
    expect(shown(stage.server.metrics)).toMatchObject({
      'moorline_calls{kind="unary"}': 1,
      'moorline_calls_opened_total{kind="unary"}': 5,
      'moorline_calls_opened_total{kind="server_streaming"}': 1,
      'moorline_calls_opened_total{kind="client_streaming"}': 1,
      'moorline_calls_opened_total{kind="unknown"}': 1,
      'moorline_calls_ended_total{kind="unary",code="ok"}': 1,
      'moorline_calls_ended_total{kind="unary",code="not_found"}': 1,
      'moorline_calls_ended_total{kind="unary",code="internal"}': 1,
      'moorline_calls_ended_total{kind="unary",code="canceled"}': 1,
      'moorline_calls_ended_total{kind="server_streaming",code="canceled"}': 1,
      'moorline_calls_ended_total{kind="client_streaming",code="ok"}': 1,
      'moorline_calls_ended_total{kind="unknown",code="unimplemented"}': 1,
    });
    await stage.server.close();
    const { unary } = stage.server.metrics.calls;
    expect([unary.opened, [...unary.ended.values()].reduce((sum, count) => sum + count)]).toEqual([5, 5]);
    expect(shown(stage.server.metrics)).not.toHaveProperty('moorline_calls{kind="unary"}');
  });

  it("count frames once, and again those that were sent again; lost channels too [OBS-3, CHAN-1]", async () => {
    const limits = { session: { replayMs: 1_000 } };
    const stage = stageDaemon({ limits, echo: { say: ({ text }) => ({ text }) } });
    const client = new CallClient(stage);
    const link = client.connect();
    const first = client.echo.say({ text: "a" });
    await stage.clock.advanceAsync(1_000);
    await first;
    const before = shown(stage.server.metrics);
    expect(before).toMatchObject({ moorline_received_frames_total: 1, moorline_sent_frames_total: 1 });
    const second = client.echo.say({ text: "b" });
    await stage.clock.advanceAsync(10);
    expect(await second).toMatchObject({ text: "b" });
    link.connection.abort();
    stage.clock.advance(0);
    // The acknowledgement of the second answer was under way when the connection broke.
    const epoch = link.welcome?.server?.epoch ?? new Uint8Array();
    client.connect({ resume: { channelId: idOf(1), epoch, received: 1n } });
    await stage.clock.advanceAsync(1_000);
    const carried = {
      moorline_received_frames_total: 2,
      moorline_sent_frames_total: 2,
      moorline_replayed_frames_total: 1,
      'moorline_resumes_total{verdict="resumed"}': 1,
    };
    expect(shown(stage.server.metrics)).toMatchObject(carried);
    await stage.server.close();
    expect(shown(stage.server.metrics)).toMatchObject({
      ...carried,
      'moorline_channels_lost_total{reason="drained"}': 1,
    });
  });

  it("count the keyed calls that are remembered, with the status that was told [OBS-3, OBS-4]", async () => {
    const echo = {
      say: ({ text }: { text: string }) => {
        if (text === "fail") throw new ConnectError("no", Code.FailedPrecondition);
        return { text };
      },
    };
    const stage = stageDaemon({ journal: createMemoryJournalStore(), echo });
    const client = new CallClient(stage);
    client.connect();
    const keyed = (key: string) => ({ contextValues: createContextValues().set(idempotencyKey, key) });
    const calls = [
      client.echo.say({ text: "a" }, keyed("1")),
      client.echo.say({ text: "fail" }, keyed("2")).catch(() => undefined),
    ];
    await stage.clock.advanceAsync(100);
    await Promise.all(calls);
    expect(shown(stage.server.metrics)).toMatchObject({
      moorline_journal_entries: 2,
      'moorline_calls_ended_total{kind="unary",code="ok"}': 1,
      'moorline_calls_ended_total{kind="unary",code="failed_precondition"}': 1,
    });
  });
});
