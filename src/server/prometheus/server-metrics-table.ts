import { Code } from "@connectrpc/connect";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { CallKind } from "../../rpc/call-tally.ts";
import { nameOfCode } from "../../wire/verdict.ts";
import type { ServerMetrics } from "../metrics.ts";
import type { MetricDescription, MetricSample } from "./metric.ts";

/** A metric of every server, and where it is read from. */
export interface ServerMetric extends MetricDescription {
  read(metrics: ServerMetrics): number | MetricSample[];
}

/** The metrics of every server. Their page is `docs/metrics.md`. Spec: OBS-3. */
export const SERVER_METRICS: readonly ServerMetric[] = [
  {
    name: "moorline_sessions",
    type: "gauge",
    help: "Sessions that there are: active ones have a channel.",
    labels: ["phase"],
    read: ({ sessions }) => spread("phase", sessions),
  },
  {
    name: "moorline_channels",
    type: "gauge",
    help: "Channels that there are: attached ones have a connection, detached ones wait for their client.",
    labels: ["phase"],
    read: ({ channels }) => spread("phase", channels),
  },
  {
    name: "moorline_connections",
    type: "gauge",
    help: "Connections that there are.",
    labels: ["phase"],
    read: ({ open: { awaitingHello, ...open } }) => spread("phase", { awaiting_hello: awaitingHello, ...open }),
  },
  {
    name: "moorline_connection_paths",
    type: "gauge",
    help: "Connections with an accepted hello, by the path that it has said.",
    labels: ["path"],
    read: ({ paths }) => spread("path", paths),
  },
  {
    name: "moorline_connections_total",
    type: "counter",
    help: "Connections that were accepted, by what carries them.",
    labels: ["transport"],
    read: ({ accepted }) => spread("transport", accepted),
  },
  counter("moorline_probes_total", "Connections that were welcomed as probes.", ({ probes }) => probes),
  counter("moorline_attaches_total", "Channels that clients have begun anew.", ({ attached }) => attached),
  {
    name: "moorline_resumes_total",
    type: "counter",
    help: "Channels that clients wanted to resume: resumed, or why not.",
    labels: ["verdict"],
    read: ({ resumed, refusedResumes }) => [
      { labels: { verdict: "resumed" }, value: resumed },
      ...countKinds("verdict", refusedResumes, nameIn(ResumeRefusal)),
    ],
  },
  {
    name: "moorline_rejections_total",
    type: "counter",
    help: "Hellos, plain RPCs and requests for metrics that were refused, by the name of the close code.",
    labels: ["code"],
    read: ({ rejected }) => countKinds("code", rejected, nameOfCode),
  },
  {
    name: "moorline_channels_lost_total",
    type: "counter",
    help: "Channels that are gone for good, by the reason.",
    labels: ["reason"],
    read: ({ lost }) => countKinds("reason", lost, nameIn(ChannelLossReason)),
  },
  counter("moorline_violations_total", "Connections whose client broke a rule.", ({ violations }) => violations),
  counter("moorline_pongs_missing_total", "Connections given up in silence.", ({ pongMissing }) => pongMissing),
  {
    name: "moorline_calls",
    type: "gauge",
    help: "Calls of clients that are open, on channels and as plain RPCs, by the kind of their method.",
    labels: ["kind"],
    read: ({ calls }) => kindsOf(calls).map(([kind, counts]) => ({ labels: { kind }, value: countOpen(counts) })),
  },
  {
    name: "moorline_calls_opened_total",
    type: "counter",
    help: "Calls that clients have opened, by the kind of their method.",
    labels: ["kind"],
    read: ({ calls }) => kindsOf(calls).map(([kind, { opened }]) => ({ labels: { kind }, value: opened })),
  },
  {
    name: "moorline_calls_ended_total",
    type: "counter",
    help: "Calls of clients that have ended, by the kind of their method and their status.",
    labels: ["kind", "code"],
    read: ({ calls }) =>
      kindsOf(calls).flatMap(([kind, { ended }]) =>
        [...ended].map(([code, value]) => ({ labels: { kind, code: statusName(code) }, value })),
      ),
  },
  {
    name: "moorline_held_bytes",
    type: "gauge",
    help: "What all channels hold: sent and not acknowledged, received and not read.",
    read: ({ heldBytes }) => heldBytes,
  },
  counter("moorline_received_bytes_total", "Bytes of packets that came.", (metrics) => metrics.receivedBytes),
  counter("moorline_sent_bytes_total", "Bytes of packets given to sockets.", ({ sentBytes }) => sentBytes),
  counter("moorline_received_frames_total", "Frames accepted, each once.", (metrics) => metrics.receivedFrames),
  counter("moorline_sent_frames_total", "Frames numbered, each once.", ({ sentFrames }) => sentFrames),
  counter("moorline_replayed_frames_total", "Frames sent again, each time.", (metrics) => metrics.replayedFrames),
  counter("moorline_duplicate_frames_total", "Frames accepted before.", (metrics) => metrics.duplicateFrames),
  counter("moorline_late_frames_total", "Frames for calls that are closed here.", ({ lateFrames }) => lateFrames),
  counter("moorline_unknown_frames_total", "Frames of a newer version.", ({ unknownFrames }) => unknownFrames),
  counter("moorline_unknown_packets_total", "Packets of a newer version.", ({ unknownPackets }) => unknownPackets),
  {
    name: "moorline_journal_entries",
    type: "gauge",
    help: "Keyed calls that are remembered, of the sessions that have made one since the daemon started.",
    read: ({ journalEntries }) => journalEntries,
  },
];

function counter(name: string, help: string, read: (metrics: ServerMetrics) => number): ServerMetric {
  return { name, type: "counter", help, read };
}

function spread(label: string, counts: Readonly<Record<string, number>>): MetricSample[] {
  return Object.entries(counts).map(([kind, value]) => ({ labels: { [label]: kind }, value }));
}

/** Counts by number, with the names of the schema: `SESSION_KEY_MISSING` is `session_key_missing`. */
function countKinds(
  label: string,
  counts: ReadonlyMap<number, number>,
  nameOf: (code: number) => string | undefined,
): MetricSample[] {
  return [...counts].map(([code, value]) => ({
    labels: { [label]: (nameOf(code) ?? `unknown_${code}`).toLowerCase() },
    value,
  }));
}

function nameIn(values: Readonly<Record<string, number>>): (code: number) => string | undefined {
  return (code) => Object.keys(values).find((name) => values[name] === code);
}

function kindsOf<Counts>(calls: Readonly<Record<CallKind, Counts>>): [CallKind, Counts][] {
  return Object.entries(calls) as [CallKind, Counts][];
}

function countOpen({ opened, ended }: ServerMetrics["calls"][CallKind]): number {
  let open = opened;
  for (const count of ended.values()) open -= count;
  return open;
}

/** `DeadlineExceeded` is `deadline_exceeded`. */
function statusName(code: number): string {
  const name = code === 0 ? "Ok" : (Code[code] ?? "");
  return name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
