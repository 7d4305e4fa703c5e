import { describe, expect, it } from "vitest";
import type { ProbeEffect, ProbeEvent, ProbeState } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ProbeEndReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { defaultProbeConfig, startProbe, transitionProbe } from "../../../src/machine/probe.ts";
import { probeEvent } from "./machine-data.ts";
import { ServerDriver } from "./server-driver.ts";

type Input = Parameters<typeof probeEvent>[0];

class ProbeDriver extends ServerDriver<ProbeState, ProbeEvent, ProbeEffect> {
  constructor() {
    const start = startProbe({ generation: 4, path: Path.DIRECT, nowMs: 1_000 }, defaultProbeConfig);
    super(start, (state, event) => transitionProbe(state, event, defaultProbeConfig));
  }

  happen(...events: readonly Input[]): this {
    return this.give(...events.map(probeEvent));
  }

  /** Welcomed at 2,000 ms, and told its first round trip of 70 ms. */
  measured(): this {
    return this.happen(opened, welcomed, { case: "ponged", value: { ping: 1, nowMs: 2_070 } });
  }
}

const opened: Input = { case: "transportOpened", value: { nowMs: 1_500 } };
const welcomed: Input = { case: "welcomed", value: { nowMs: 2_000 } };
const measure: Input = { case: "measureRequested", value: { nowMs: 3_000 } };
const close: Input = { case: "closeRequested", value: {} };

describe("transitionProbe: opening", () => {
  it("dials at once, with 10 s to open and 5 s for the answer [PROBE-6]", () => {
    const driver = new ProbeDriver();
    expect(driver.did).toEqual(["startTimer timer=1 atMs=11000 ping=0", "openTransport path=1"]);
    driver.happen(opened);
    expect(driver.did).toEqual(["cancelTimer timer=1", "startTimer timer=2 atMs=6500 ping=0", "sendHello"]);
  });

  it("measures as soon as it is welcomed [PROBE-7, PROBE-10]", () => {
    const driver = new ProbeDriver().happen(opened, welcomed);
    expect(driver.data).toMatchObject({ expiresAtMs: 57_000 });
    expect(driver.did).toEqual([
      "cancelTimer timer=2",
      "startTimer timer=4 atMs=57000 ping=0",
      "startTimer timer=3 atMs=7000 ping=1",
      "sendPing ping=1",
    ]);
  });

  it("says goodbye only where it has said hello [PROBE-8]", () => {
    expect(new ProbeDriver().happen(close).did).toEqual([
      "cancelTimer timer=1",
      "closeTransport code=0 message=the probe is done",
    ]);
    expect(new ProbeDriver().happen(opened, close).did[1]).toContain("code=4090");
  });
});

describe("transitionProbe: probed", () => {
  it("keeps the last and the smallest round trip [PROBE-7]", () => {
    const driver = new ProbeDriver().measured();
    driver.happen(measure, { case: "ponged", value: { ping: 2, nowMs: 3_090 } });
    expect(driver.data).toMatchObject({ roundTrips: { lastMs: 90, leastMs: 70, samples: 2 } });
    driver.happen(measure, { case: "ponged", value: { ping: 3, nowMs: 3_010 } });
    expect(driver.data).toMatchObject({ roundTrips: { lastMs: 10, leastMs: 10, samples: 3 } });
  });

  it("has one ping under way, and takes no pong for another one, or too late [PROBE-7, INV-8]", () => {
    const driver = new ProbeDriver().measured().happen(measure);
    const { state } = driver;
    driver.happen(measure);
    expect(driver.ignored).toBe(true);
    driver.happen({ case: "ponged", value: { ping: 1, nowMs: 3_001 } });
    driver.happen({ case: "ponged", value: { ping: 2, nowMs: 8_001 } });
    driver.happen({ case: "pongTimedOut", value: { ping: 1 } });
    expect(driver.state).toBe(state);
    driver.happen({ case: "pongTimedOut", value: { ping: 2 } });
    expect(driver.data).toMatchObject({ reason: ProbeEndReason.PONG_MISSING });
  });

  it("hands the connection over with its timers cancelled, and nothing leads on from there [PROBE-11]", () => {
    const driver = new ProbeDriver().measured().happen(measure);
    driver.happen({ case: "promoteRequested", value: { nowMs: 3_001 } });
    expect(driver.did).toEqual(["cancelTimer timer=4", "cancelTimer timer=3", "handOver"]);
    const { state } = driver;
    driver.happen({ case: "ponged", value: { ping: 2, nowMs: 3_010 } }, { case: "expired", value: {} }, close);
    expect(driver.state).toBe(state);
  });

  it("is not handed over once its time is over, whenever the timer comes [PROBE-10, PROBE-11]", () => {
    const driver = new ProbeDriver().measured();
    expect(driver.happen({ case: "promoteRequested", value: { nowMs: 57_000 } }).ignored).toBe(true);
    driver.happen({ case: "expired", value: {} });
    expect(driver.data).toMatchObject({ reason: ProbeEndReason.EXPIRED });
    expect(driver.did.at(-1)).toContain(`closeTransport code=${CloseCode.CONNECTION_DONE}`);
  });
});
