import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { HostState } from "../../../../gen/moorline/machine/v1/host_moorline.ts";
import { hostTable } from "../../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostStateSchema } from "../../../../gen/moorline/machine/v1/host_pb.ts";
import { syncTable } from "../../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncStateSchema } from "../../../../gen/moorline/machine/v1/sync_pb.ts";
import { Presentation } from "../../../../gen/moorline/state/v1/presentation_pb.ts";
import { presentationOf } from "../../../../src/runtime/presentation/presentation-of.ts";
import { hostIn, syncIn } from "../support.ts";

type Sync = Parameters<typeof syncIn>[0];
type Host = Parameters<typeof hostIn>[0];

const HOSTS: readonly Host[] = [
  ...(["booting", "failed", "noConnections", "selecting", "connectingActive"] as const),
  ...(["online", "interrupted", "degraded", "error", "stopped"] as const),
];

/** One row for each state of a mirror, one word for each state of its host, in the order of HOSTS. */
const TABLE: Readonly<Record<Sync, string>> = {
  idle: "overlay screen overlay overlay overlay overlay overlay overlay overlay screen",
  initialLoading: "overlay screen screen overlay overlay overlay overlay overlay screen screen",
  ready: "none badge badge none none none none reconnecting badge none",
  revalidating: "toast badge badge toast toast toast toast reconnecting badge none",
  errorBeforeFirstSuccess: "screen screen screen screen screen screen screen screen screen screen",
  errorAfterReady: "badge badge badge badge badge badge badge reconnecting badge none",
  gone: "gone gone gone gone gone gone gone gone gone gone",
};

const WORDS: Readonly<Record<string, Presentation>> = {
  none: Presentation.NONE,
  overlay: Presentation.OVERLAY,
  toast: Presentation.TOAST,
  reconnecting: Presentation.RECONNECTING_BADGE,
  badge: Presentation.ERROR_BADGE,
  screen: Presentation.ERROR_SCREEN,
  gone: Presentation.NOT_FOUND,
};

const cells = (Object.keys(TABLE) as Sync[]).flatMap((sync) =>
  HOSTS.map((host, i) => [sync, host, TABLE[sync].split(" ")[i] ?? ""] as const),
);

describe("presentationOf", () => {
  it.each(cells)("shows, with the mirror %s and the host %s: %s [PRESENT-1] [PRESENT-2]", (sync, host, word) => {
    expect(presentationOf(syncIn(sync), hostIn(host))).toBe(WORDS[word]);
  });

  it.each(cells)(
    "shows nothing with the mirror %s and the host %s while a creation is under way [PRESENT-2]",
    (sync, host) => {
      expect(presentationOf(syncIn(sync), hostIn(host), true)).toBe(Presentation.NONE);
    },
  );

  it("has a cell for every state of both machines", () => {
    const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    expect(Object.keys(TABLE).sort()).toEqual(Object.keys(syncTable.transitions).map(camel).sort());
    expect([...HOSTS].sort()).toEqual(Object.keys(hostTable.transitions).map(camel).sort());
  });

  it("takes a state that this version does not know for one on its way [INV-15]", () => {
    const [unknownSync, unknownHost] = [create(SyncStateSchema), create(HostStateSchema) as HostState];
    expect(presentationOf(unknownSync, hostIn("online"))).toBe(Presentation.OVERLAY);
    expect(presentationOf(syncIn("ready"), unknownHost)).toBe(Presentation.NONE);
  });
});
