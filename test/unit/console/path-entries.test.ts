import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type CandidateRecordSchema, HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { pathEntriesOf } from "../../../src/console/host/path-entries.ts";
import { createHostProfile } from "../../../src/runtime/index.ts";
import { initialHostSnapshot } from "../../../src/runtime/initial-snapshots.ts";
import { parseServerId } from "../../../src/wire/server-id.ts";

const serverId = "Yw3NqB0c4XvJ5m8Zr1tK2sL7pD9fG6hA3eU0iO4wQyE";
const NEAR = "direct ws://127.0.0.1:7420/";
const FAR = "direct wss://far.example/";
const profile = createHostProfile({
  serverId,
  candidates: [{ direct: "ws://127.0.0.1:7420" }, { direct: "wss://far.example" }],
});

interface Scene {
  readonly preferredCandidateId?: string;
  readonly near?: MessageInitShape<typeof CandidateRecordSchema>;
  readonly far?: MessageInitShape<typeof CandidateRecordSchema>;
}

function show({ preferredCandidateId = "", near = {}, far = {} }: Scene) {
  const candidates = [
    { candidateId: NEAR, isLoopback: true, ...near },
    { candidateId: FAR, ...far },
  ];
  const value = { candidateId: NEAR, generation: 1, memory: { candidates, preferredCandidateId } };
  const host = create(HostStateSchema, { state: { case: "online", value } });
  return pathEntriesOf(profile, { ...initialHostSnapshot(parseServerId(serverId)), host }, [1.5]);
}

const samples = [{ atMs: 1, roundTripMs: 40 }];

describe("pathEntriesOf", () => {
  it("says which path carries the channel, and which one somebody wants", () => {
    expect(show({}).map(({ use, isWanted }) => [use, isWanted])).toEqual([
      ["active", false],
      ["standby", false],
    ]);
    expect(show({ preferredCandidateId: FAR }).map(({ isWanted }) => isWanted)).toEqual([false, true]);
  });

  it("shows round trips of calls for a path on this machine, which is not probed while it is used", () => {
    const [near, far] = show({ near: { samples }, far: { samples } });
    expect([near?.roundTripsMs, far?.roundTripsMs]).toEqual([[1.5], [40]]);
  });

  it("says why a path is set aside, and how often it has failed", () => {
    const setAside = { reason: SetAsideReason.WRONG_SERVER, loss: { message: "another daemon" } };
    expect(show({ far: { setAside } })[1]).toMatchObject({ use: "set aside", note: "wrong server: another daemon" });
    expect(show({ far: { failures: 2 } })[1]?.note).toBe("2 failures in a row");
  });
});
