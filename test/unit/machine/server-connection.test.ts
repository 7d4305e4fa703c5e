import { describe, expect, it } from "vitest";
import type {
  ServerConnectionEffect,
  ServerConnectionEvent,
  ServerConnectionState,
} from "../../../gen/moorline/machine/v1/server_connection_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import {
  defaultServerConnectionConfig,
  serverConnectionEvent,
  startServerConnection,
  transitionServerConnection,
} from "../../../src/machine/server-connection.ts";
import { ServerDriver } from "./server-driver.ts";

type Input = Parameters<typeof serverConnectionEvent>[0];

class ConnectionDriver extends ServerDriver<ServerConnectionState, ServerConnectionEvent, ServerConnectionEffect> {
  constructor() {
    const config = defaultServerConnectionConfig;
    super(startServerConnection(1_000, config), (state, event) => transitionServerConnection(state, event, config));
  }

  happen(event: Input): this {
    return this.give(serverConnectionEvent(event));
  }

  attach(attempt = 1): this {
    const purpose = { case: "session", value: { attempt } } as const;
    return this.happen({ case: "helloAccepted", value: { purpose } });
  }

  probe(): this {
    const purpose = { case: "probe", value: { nowMs: 2_000 } } as const;
    return this.happen({ case: "helloAccepted", value: { purpose } });
  }

  /** The effects of the last event without those texts that are for people. */
  get facts(): string[] {
    return this.did.map((line) => line.replace(/ message=.*/, ""));
  }
}

const wentAway: Input = { case: "wentAway", value: { code: CloseCode.DAEMON_DRAINING, message: "" } };
const violated: Input = { case: "violated", value: { code: CloseCode.PROTOCOL_VIOLATION, message: "" } };
const transportClosed: Input = { case: "transportClosed", value: { code: CloseCode.UNSPECIFIED, message: "gone" } };
const pongMissing: Input = { case: "pongMissing", value: {} };

describe("transitionServerConnection: awaiting_hello", () => {
  it("gives the client 10 s for its hello [HELLO-2]", () => {
    const driver = new ConnectionDriver();
    expect(driver.data).toMatchObject({ deadlineAtMs: 11_000 });
    expect(driver.did).toEqual(["startTimer timer=1 atMs=11000"]);
    driver.happen({ case: "helloTimedOut", value: {} });
    expect(driver.facts).toEqual(["cancelTimer timer=1", "sendRejection code=4103", "closeTransport code=4103"]);
  });

  it("welcomes a session or a probe, after the purpose of the hello [SRV-1]", () => {
    const session = new ConnectionDriver().attach(7);
    expect(session.data).toMatchObject({ attempt: 7 });
    expect(session.did).toEqual(["cancelTimer timer=1", "startHeartbeat", "sendWelcome"]);
    const probe = new ConnectionDriver().probe();
    expect(probe.data).toMatchObject({ expiresAtMs: 62_000 });
    expect(probe.did).toEqual([
      "cancelTimer timer=1",
      "startHeartbeat",
      "startTimer timer=2 atMs=62000",
      "sendWelcome",
    ]);
  });

  it("ignores a hello whose purpose it does not know", () => {
    const driver = new ConnectionDriver().happen({ case: "helloAccepted", value: {} });
    expect(driver.ignored).toBe(true);
  });

  it("says in a rejection why it ends, before any Welcome [SRV-1] [CLOSE-2]", () => {
    const refused = { code: CloseCode.OVERLOADED, message: "", retryAfterMs: 500 };
    const driver = new ConnectionDriver().happen({ case: "helloRefused", value: refused });
    expect(driver.facts).toContain("sendRejection code=4102 retryAfterMs=500");
    for (const event of [wentAway, violated]) {
      expect(new ConnectionDriver().happen(event).did.join()).toMatch(/sendRejection code=(4107|4400),closeTransport/);
    }
  });

  it("has nobody to tell when the transport is closed [SRV-1]", () => {
    const driver = new ConnectionDriver().happen(transportClosed);
    expect(driver.phase).toBe("closed");
    expect(driver.did).toEqual(["cancelTimer timer=1"]);
  });
});

describe("transitionServerConnection: probing", () => {
  it("carries a channel once it is promoted, and goes on beating [SRV-2] [PROBE-3]", () => {
    const driver = new ConnectionDriver().probe().happen({ case: "promoted", value: { attempt: 3 } });
    expect(driver.data).toMatchObject({ attempt: 3 });
    expect(driver.did).toEqual(["cancelTimer timer=2", "sendWelcome"]);
  });

  const endings: ReadonlyArray<readonly [string, Input, string[]]> = [
    [
      "promotion_refused",
      { case: "promotionRefused", value: { code: CloseCode.OVERLOADED, message: "" } },
      ["sendRejection code=4102", "closeTransport code=4102"],
    ],
    ["expired", { case: "expired", value: {} }, ["sendGoAway code=4090", "closeTransport code=4090"]],
    ["goodbye", { case: "goodbye", value: { code: CloseCode.CONNECTION_DONE } }, ["closeTransport code=4090"]],
    ["went_away", wentAway, ["sendGoAway code=4107", "closeTransport code=4107"]],
    ["violated", violated, ["sendGoAway code=4400", "closeTransport code=4400"]],
    ["pong_missing", pongMissing, ["sendGoAway code=4002", "closeTransport code=4002"]],
    ["transport_closed", transportClosed, []],
  ];

  it.each(endings)("is closed by %s, and touches no channel [SRV-2] [INV-7]", (_name, event, facts) => {
    const driver = new ConnectionDriver().probe().happen(event);
    expect(driver.phase).toBe("closed");
    expect(driver.facts).toEqual(["cancelTimer timer=2", "stopHeartbeat", ...facts]);
  });
});

describe("transitionServerConnection: attached", () => {
  const detach = "detachChannel attempt=1";
  const end = "endChannel attempt=1";
  const endings: ReadonlyArray<readonly [string, Input, string[]]> = [
    ["superseded", { case: "superseded", value: {} }, ["sendGoAway code=4410", "closeTransport code=4410"]],
    ["session_ended", { case: "sessionEnded", value: {} }, ["sendGoAway code=4503", "closeTransport code=4503"]],
    [
      "credential_expired",
      { case: "credentialExpired", value: {} },
      [detach, "sendGoAway code=4200", "closeTransport code=4200"],
    ],
    [
      "credential_revoked",
      { case: "credentialRevoked", value: {} },
      [end, "sendGoAway code=4502", "closeTransport code=4502"],
    ],
    ["pong_missing", pongMissing, [detach, "sendGoAway code=4002", "closeTransport code=4002"]],
    ["went_away", wentAway, [detach, "sendGoAway code=4107", "closeTransport code=4107"]],
    ["violated", violated, [detach, "sendGoAway code=4400", "closeTransport code=4400"]],
    ["transport_closed", transportClosed, [detach]],
  ];

  it.each(endings)("is closed by %s, and lets go of its channel [SRV-3] [RUN-3]", (_name, event, facts) => {
    const driver = new ConnectionDriver().attach().happen(event);
    expect(driver.phase).toBe("closed");
    expect(driver.facts).toEqual(["stopHeartbeat", ...facts]);
  });

  it("ends the channel only by a goodbye that says so [SRV-3] [CLOSE-5]", () => {
    const goodbye = (code: CloseCode): string[] =>
      new ConnectionDriver().attach().happen({ case: "goodbye", value: { code, message: "" } }).facts;
    expect(goodbye(CloseCode.CHANNEL_DONE)).toEqual(["stopHeartbeat", end, "closeTransport code=4390"]);
    expect(goodbye(CloseCode.CONNECTION_DONE)).toEqual(["stopHeartbeat", detach, "closeTransport code=4090"]);
    expect(goodbye(CloseCode.PROTOCOL_GAP)).toEqual(["stopHeartbeat", detach, "closeTransport code=4001"]);
  });

  it("keeps its channel when its credential has passed its end [SRV-4]", () => {
    const driver = new ConnectionDriver().attach().happen({ case: "credentialExpired", value: {} });
    expect(driver.data).toMatchObject({ code: CloseCode.CREDENTIAL_EXPIRED });
    expect(driver.facts).toContain(detach);
  });
});

describe("transitionServerConnection: closed", () => {
  it("is terminal, also for an answer that was under way [RUN-2]", () => {
    const driver = new ConnectionDriver().happen(transportClosed);
    const before = driver.state;
    expect(driver.attach().happen(pongMissing).happen(wentAway).happen(transportClosed).state).toBe(before);
    expect(driver.ignored).toBe(true);
  });
});
