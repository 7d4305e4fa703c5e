import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HostStateSchema } from "../../../../gen/moorline/machine/v1/host_pb.ts";
import { FleetStatus, HostStatus } from "../../../../gen/moorline/state/v1/fleet_pb.ts";
import { fleetStatusOf, hostStatusOf } from "../../../../src/runtime/fleet/fleet-status.ts";
import { hostIn } from "../support.ts";

describe("hostStatusOf", () => {
  it.each([
    ["booting", "CONNECTING"],
    ["failed", "ERROR"],
    ["noConnections", "UNREACHABLE"],
    ["selecting", "CONNECTING"],
    ["connectingActive", "CONNECTING"],
    ["online", "ONLINE"],
    ["interrupted", "ONLINE"],
    ["degraded", "RECONNECTING"],
    ["error", "ERROR"],
    ["stopped", "STOPPED"],
  ] as const)("says of a host that is %s: %s [FLEET-6]", (phase, status) => {
    expect(hostStatusOf({ host: hostIn(phase) })).toBe(HostStatus[status]);
  });

  it("says nothing of a state that this version does not know [INV-15]", () => {
    expect(hostStatusOf({ host: create(HostStateSchema) })).toBe(HostStatus.UNSPECIFIED);
  });
});

describe("fleetStatusOf", () => {
  it.each([
    ["", "EMPTY"],
    ["ONLINE ONLINE", "ONLINE"],
    ["ONLINE RECONNECTING", "PARTLY_ONLINE"],
    ["ONLINE STOPPED", "PARTLY_ONLINE"],
    ["CONNECTING ERROR", "CONNECTING"],
    ["RECONNECTING STOPPED", "CONNECTING"],
    ["ERROR UNREACHABLE", "ERROR"],
    ["UNREACHABLE STOPPED", "OFFLINE"],
    ["UNSPECIFIED", "OFFLINE"],
  ] as const)("says of hosts that are [%s]: %s [FLEET-6]", (hosts, status) => {
    const statuses = hosts
      .split(" ")
      .flatMap((name) => (name === "" ? [] : [HostStatus[name as keyof typeof HostStatus]]));
    expect(fleetStatusOf(statuses)).toBe(FleetStatus[status]);
  });
});
