import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { CandidateRecord } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CandidateRecordSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { rankCandidates } from "../../../src/machine/host/choose-path.ts";
import { choosePath, type PathInput } from "../../../src/machine/host.ts";

const NOW_MS = 1_000_000;

interface Known {
  readonly path?: Path;
  /** The last round trips, the latest last, `everyMs` apart. */
  readonly trips?: readonly number[];
  readonly everyMs?: number;
  /** How long ago the last answer came. */
  readonly agoMs?: number;
  readonly failures?: number;
  readonly barredForMs?: number;
  readonly setAside?: SetAsideReason;
}

function record(candidateId: string, known: Known): CandidateRecord {
  const { path = Path.DIRECT, trips = [], everyMs = 10_000, agoMs = 1_000, failures = 0, barredForMs = 0 } = known;
  const lastAtMs = NOW_MS - agoMs;
  return create(CandidateRecordSchema, {
    ...{ candidateId, path, failures, barredUntilMs: NOW_MS + barredForMs },
    samples: trips.map((roundTripMs, i) => ({ roundTripMs, atMs: lastAtMs - (trips.length - 1 - i) * everyMs })),
    ...(trips.length > 0 ? { answeredAtMs: lastAtMs } : {}),
    ...(known.setAside === undefined ? {} : { setAside: { reason: known.setAside } }),
  });
}

type Case = readonly [
  name: string,
  active: Known,
  other: Known,
  expected: "other" | undefined,
  input?: Partial<PathInput> | undefined,
];

const THREE = [100, 100, 100];
const RELAY = { path: Path.RELAY };
const DOUBTED = { standing: "doubted" } as const;

const cases: readonly Case[] = [
  ["is 25 % and 20 ms shorter in 3 probes", { trips: THREE }, { trips: [75, 75, 75] }, "other"],
  ["is 24 % shorter", { trips: THREE }, { trips: [76, 76, 76] }, undefined],
  ["is 25 % and 19 ms shorter", { trips: [76, 76, 76] }, { trips: [57, 57, 57] }, undefined],
  ["is 20 ms shorter than short", { trips: [40, 40, 40] }, { trips: [20, 20, 20] }, "other"],
  ["was not shorter once", { trips: THREE }, { trips: [30, 80, 30] }, undefined],
  ["was not shorter long ago", { trips: THREE }, { trips: [90, 30, 30, 30] }, "other"],
  ["is shorter than the active path was mostly", { trips: [100, 60, 100] }, { trips: [50, 50, 50] }, undefined],
  ["has answered twice", { trips: THREE }, { trips: [10, 10] }, undefined],
  ["has answered 3 times within 5 s", { trips: THREE }, { trips: [10, 10, 10], everyMs: 2_500 }, undefined],
  ["has answered 3 times within 6 s", { trips: THREE }, { trips: [10, 10, 10], everyMs: 3_000 }, "other"],
  ["has failed since", { trips: THREE }, { trips: [10, 10, 10], failures: 1 }, undefined],
  ["answered a minute ago", { trips: THREE }, { trips: [10, 10, 10], agoMs: 60_000 }, undefined],
  ["is barred", { trips: THREE }, { trips: [10, 10, 10], barredForMs: 1 }, undefined],
  ["is set aside", { trips: THREE }, { trips: [10, 10, 10], setAside: SetAsideReason.WRONG_SERVER }, undefined],
  ["was never measured", { trips: THREE }, {}, undefined],
  ["is compared with nothing", {}, { trips: [10, 10, 10] }, undefined],
  ["is direct, and the active one a relay", { ...RELAY, trips: [10, 10, 10] }, { trips: THREE }, "other"],
  ["is direct and answered twice", { ...RELAY, trips: [10, 10, 10] }, { trips: [9, 9] }, undefined],
  ["is a relay, and the active one direct", { trips: THREE }, { ...RELAY, trips: [10, 10, 10] }, undefined],
  ["is a shorter relay than the active one", { ...RELAY, trips: THREE }, { ...RELAY, trips: [10, 10, 10] }, "other"],
  ["answered lately, the active one doubted", { trips: THREE }, { trips: [900], agoMs: 15_000 }, "other", DOUBTED],
  ["is a relay, the active one doubted", { trips: THREE }, { ...RELAY, trips: [900] }, "other", DOUBTED],
  ["answered 16 s ago, doubted", { trips: THREE }, { trips: [10], agoMs: 15_001 }, undefined, DOUBTED],
  ["failed since, doubted", { trips: THREE }, { trips: [10], failures: 1 }, undefined, DOUBTED],
  ["is barred, doubted", { trips: THREE }, { trips: [10], barredForMs: 1 }, undefined, DOUBTED],
  ["is wanted and answered once", { trips: [1, 1, 1] }, { trips: [900] }, "other", { preferredId: "other" }],
  ["is wanted, though barred", { trips: THREE }, { trips: [9], barredForMs: 9 }, "other", { preferredId: "other" }],
  ["is wanted and did not answer", { trips: THREE }, {}, undefined, { preferredId: "other" }],
  ["is wanted and set aside", { trips: THREE }, { trips: [9], setAside: 3 }, undefined, { preferredId: "other" }],
  ["is shorter, but not wanted", { trips: THREE }, { trips: [9, 9, 9] }, undefined, { preferredId: "active" }],
  ["is shorter, somebody else wanted", { trips: THREE }, { trips: [9, 9, 9] }, "other", { preferredId: "nobody" }],
];

const named = cases.map(([name, active, other, expected, input = {}]) => ({ name, active, other, expected, input }));

describe("choosePath", () => {
  it.each(named)("$name [PATH-1, PATH-2, PATH-3, PATH-5, PATH-7]", ({ active, other, expected, input }) => {
    const candidates = [record("active", active), record("other", other)];
    const chosen = choosePath({
      ...{ candidates, activeId: "active", standing: "steady", preferredId: "", nowMs: NOW_MS },
      ...input,
    });
    expect(chosen).toBe(expected);
  });

  it("takes the best of several [PATH-1]", () => {
    const candidates = [
      record("active", { trips: [200, 200, 200] }),
      record("good", { trips: [90, 90, 90] }),
      record("best", { trips: [40, 40, 40] }),
      record("relay", { ...RELAY, trips: [10, 10, 10] }),
    ];
    const input = { candidates, activeId: "active", preferredId: "", nowMs: NOW_MS } as const;
    expect(choosePath({ ...input, standing: "steady" })).toBe("best");
    expect(choosePath({ ...input, standing: "doubted" })).toBe("best");
  });

  it("chooses nothing where the active candidate is gone", () => {
    const candidates = [record("other", { trips: [9, 9, 9] })];
    expect(
      choosePath({ candidates, activeId: "active", standing: "steady", preferredId: "", nowMs: NOW_MS }),
    ).toBeUndefined();
  });
});

describe("rankCandidates", () => {
  it("puts the best known first: wanted, not barred, without failures, direct, measured, short [HOST-5]", () => {
    const candidates = [
      record("barred", { trips: [1], barredForMs: 1 }),
      record("failed", { failures: 3 }),
      record("relay", { ...RELAY, trips: [1] }),
      record("unknown", {}),
      record("long", { trips: [90] }),
      record("short", { trips: [30] }),
      record("aside", { setAside: SetAsideReason.REFUSED }),
      record("wanted", { failures: 1 }),
    ];
    expect(rankCandidates(candidates, "wanted", NOW_MS).map(({ candidateId }) => candidateId)).toEqual([
      ...["wanted", "short", "long", "unknown", "relay", "failed", "barred"],
    ]);
  });
});
