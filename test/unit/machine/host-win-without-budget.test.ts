import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { hostTable } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { defaultHostConfig, transitionHost } from "../../../src/machine/host.ts";
import { hostEvent } from "./machine-data.ts";

/** Two candidates race, the second one by a probe, and no attempt is left. */
const racing = create(HostStateSchema, {
  state: {
    case: "selecting",
    value: {
      effort: {
        case: "race",
        value: {
          contenders: [
            { candidateId: "a", stage: { case: "greeting", value: { connection: 1 } } },
            { candidateId: "b", stage: { case: "probing", value: { connection: 2 } } },
          ],
        },
      },
      memory: {
        candidates: ["a", "b"].map((candidateId) => ({ candidateId, path: Path.DIRECT })),
        lastNumber: 2,
        retry: { budgetTokens: 0, budgetAtMs: 1_000 },
      },
    },
  },
});

describe("transitionHost: selecting, with no attempt left", () => {
  it("lets the probe that has answered wait for the next attempt, which is a row of the table [HOST-6]", () => {
    const facts = { connection: 2, nowMs: 1_000, roundTripMs: 10, isActiveDoubted: false };
    const event = hostEvent({ case: "probeAnswered", value: facts });
    const { state, effects } = transitionHost(racing, event, defaultHostConfig);
    expect(state.state.case).toBe("selecting");
    expect(effects.map(({ effect }) => effect.case)).not.toContain("promoteProbe");
    expect(effects.find(({ effect }) => effect.case === "startTimer")?.effect.value).toMatchObject({ atMs: 4_000 });
    expect(hostTable.transitions.selecting.probe_answered).toContain("selecting");
  });
});
