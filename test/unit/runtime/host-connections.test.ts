import { describe, expect, it, vi } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { Probe } from "../../../src/client/probe.ts";
import type { HostEventInit } from "../../../src/machine/host.ts";
import type { Dialer } from "../../../src/runtime/host/dialer.ts";
import { HostConnections } from "../../../src/runtime/host/host-connections.ts";
import { resolveHostOptions } from "../../../src/runtime/host/host-settings.ts";
import { SESSION_KEY } from "../client/support/stage.ts";
import { NEAR, profileOf } from "./support/host-stage.ts";

/** Connections over a dialer that can make probes, and no clients. */
function stageConnections() {
  const close = vi.fn();
  const unsubscribe = vi.fn();
  const probe = { state: { state: { case: "probed" } }, subscribe: () => unsubscribe, promote: () => ({}), close };
  const dialer: Dialer = {
    createProbe: () => probe as unknown as Probe,
    createClient: () => {
      throw new Error("no client");
    },
  };
  const events: HostEventInit[] = [];
  const options = { profile: profileOf([NEAR]), sessionKey: SESSION_KEY, client: { name: "t", version: "1" } };
  const owner = { changed: () => {}, isActiveDoubted: () => false, told: () => {} };
  const dispatch = (event: HostEventInit): void => void events.push(event);
  const connections = new HostConnections(resolveHostOptions(options), dialer, { ...owner, dispatch });
  return { connections, events, close, unsubscribe };
}

describe("HostConnections", () => {
  it("closes the connection of a probe that no client can be made of [HOST-6]", () => {
    const { connections, events, close, unsubscribe } = stageConnections();
    connections.openProbe(1, "near");
    connections.promote(1);
    expect(events).toMatchObject([{ case: "clientLost", value: { connection: 1 } }]);
    expect([close, unsubscribe].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(connections.size).toBe(0);
  });

  it("does nothing for a number that it does not hold", () => {
    const { connections, events } = stageConnections();
    connections.promote(7);
    connections.ping(7, 0);
    connections.close(7, CloseCode.CONNECTION_DONE);
    expect(events).toEqual([]);
  });
});
