import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { TransitionOutcome, TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { createTransitionSpanSink } from "../../../src/otel/index.ts";
import { SpanRecorder } from "./support.ts";

const transition = create(TransitionSchema, {
  machine: "channel",
  serverId: "server",
  sessionRef: "ref",
  from: "detached",
  event: "replay_expired",
  to: "lost",
  outcome: TransitionOutcome.TAKEN,
  path: Path.RELAY,
  generation: 3,
  reason: { case: "channelLoss", value: ChannelLossReason.CHANNEL_EXPIRED },
  message: "too long",
  at: { seconds: 1_700_000_000n, nanos: 250_000_000 },
});

describe("createTransitionSpanSink", () => {
  it("makes a span without a length of a record, with its fields [OBS-8]", () => {
    const recorder = new SpanRecorder();
    createTransitionSpanSink(recorder)(transition);
    expect(recorder.told).toEqual([
      {
        kind: "INTERNAL",
        name: "channel: detached → lost",
        attributes: {
          "moorline.machine": "channel",
          "moorline.server_id": "server",
          "moorline.session_ref": "ref",
          "moorline.from": "detached",
          "moorline.event": "replay_expired",
          "moorline.to": "lost",
          "moorline.path": "PATH_RELAY",
          "moorline.generation": 3,
          "moorline.channel_loss": "CHANNEL_LOSS_REASON_CHANNEL_EXPIRED",
          "moorline.message": "too long",
        },
        isError: false,
      },
    ]);
    const [span] = recorder.spans;
    expect([span?.startTime, span?.endTime]).toEqual(Array(2).fill([1_700_000_000, 250_000_000]));
    expect(span?.parentSpanContext).toBeUndefined();
  });

  it("leaves ignored events out [OBS-8]", () => {
    const recorder = new SpanRecorder();
    const sink = createTransitionSpanSink(recorder);
    sink(create(TransitionSchema, { ...transition, outcome: TransitionOutcome.IGNORED }));
    expect(recorder.spans).toEqual([]);
  });
});
