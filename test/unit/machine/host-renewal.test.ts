import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { A, B, HostDriver } from "./host-driver.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A host that is online on `a` with a credential that ends. */
function online(expiresInMs?: number): HostDriver {
  return new HostDriver().start(A, B).connected("a", expiresInMs);
}

/** How long before the end of the credential another one is asked for. Undefined: it is not. */
function leadOf(driver: HostDriver): number | undefined {
  const dueAtMs = driver.timers.get("credentialRenewalDue");
  return dueAtMs === undefined ? undefined : (driver.online.renewal?.expiresAtMs ?? 0) - dueAtMs;
}

/** Another credential is asked for, and is there. */
function renew(driver: HostDriver): HostDriver {
  return driver.due("credentialRenewalDue").refreshed();
}

describe("transitionHost: a credential that expires", () => {
  it.each([
    [undefined, undefined],
    [HOUR_MS, MINUTE_MS],
    [90_000, 45_000],
    [20_000, 10_000],
    [8_000, 3_000],
    [5_000, undefined],
    [0, undefined],
    [-1_000, undefined],
  ])("with an end in %s ms asks for another one %s ms before it [HOST-16]", (expiresInMs, leadMs) => {
    expect(leadOf(online(expiresInMs))).toBe(leadMs);
  });

  it("asks once, and connects to the same candidate with what it is given, make before break [HOST-4, HOST-16]", () => {
    const driver = online(HOUR_MS).due("credentialRenewalDue");
    expect(driver.did.filter((did) => !did.endsWith("Timer"))).toEqual(["renewCredential"]);
    expect(driver.timers.has("credentialRenewalDue")).toBe(false);
    driver.refreshed();
    expect(driver.did.filter((did) => did.includes("Client") || did.includes("Connection"))).toEqual([
      "openClient 3 a",
    ]);
    expect(driver.online).toMatchObject({ connection: 1, generation: 1, switch: { candidateId: "a", connection: 3 } });
    driver.activeLost({ code: CloseCode.SUPERSEDED, wasHealthy: true });
    expect(driver.phase).toBe("online");
    driver.connected("a", HOUR_MS);
    expect(driver.online).toMatchObject({ connection: 3, generation: 2, candidateId: "a" });
    expect(driver.online.switch).toBeUndefined();
    expect(leadOf(driver)).toBe(MINUTE_MS);
    expect(driver.memory.candidates.map(({ bars }) => bars)).toEqual([0, 0]);
  });

  it("closes the connection before only when the next is welcomed [HOST-4, INV-9]", () => {
    const driver = renew(online(HOUR_MS)).connected("a", HOUR_MS);
    expect(driver.did.filter((did) => did.startsWith("closeConnection"))).toEqual(["closeConnection 1"]);
  });

  it("asks again, each time half-way to the end, while none is to be had; then the server decides [HOST-17]", () => {
    const driver = online(HOUR_MS);
    const leads: (number | undefined)[] = [];
    for (let lead = leadOf(driver); lead !== undefined; lead = leadOf(driver)) {
      leads.push(lead);
      driver.due("credentialRenewalDue").refreshFailed();
      expect(driver.phase).toBe("online");
    }
    expect(leads).toEqual([60_000, 30_000, 15_000, 7_500, 2_500]);
    driver.lost("a", { code: CloseCode.CREDENTIAL_EXPIRED, wasHealthy: true });
    expect(driver.phase).toBe("interrupted");
    expect(driver.did).toContain("refreshCredential");
  });

  it.each([
    ["refused", CloseCode.UNAUTHENTICATED],
    ["expired too", CloseCode.CREDENTIAL_EXPIRED],
    ["of no use on a path that fails", CloseCode.UNSPECIFIED],
  ])("keeps connection and candidate where the new one is %s, and asks again before the end [HOST-17]", (_, code) => {
    const driver = renew(online(HOUR_MS)).lost("a", { code });
    expect(driver.phase).toBe("online");
    expect(driver.online).toMatchObject({ connection: 1, generation: 1 });
    expect(driver.online.switch).toBeUndefined();
    const [a] = driver.memory.candidates;
    expect(a).toMatchObject({ bars: 0, failures: 0 });
    expect(a?.setAside).toBeUndefined();
    expect(leadOf(driver)).toBe(30_000);
  });

  it("races where the server had taken the new connection and then lost it [HOST-4]", () => {
    const driver = renew(online(HOUR_MS)).activeLost({ code: CloseCode.SUPERSEDED }).lost("a");
    expect(driver.phase).toBe("interrupted");
    expect(driver.memory.candidates.map(({ bars }) => bars)).toEqual([0, 0]);
  });

  it("waits for a switch that is under way, and for the retry budget [HOST-4, HOST-17, RETRY-3]", () => {
    const switching = online(HOUR_MS)
      .wait(HOUR_MS - MINUTE_MS)
      .prefer("b");
    renew(switching);
    expect(switching.online.switch?.candidateId).toBe("b");
    expect(leadOf(switching)).toBe(30_000);
    const spent = online(90_000).due("credentialRenewalDue");
    for (let i = 0; i < 20; i += 1) spent.prefer("b").lost("b");
    spent.refreshed();
    expect(spent.online.switch).toBeUndefined();
    expect(leadOf(spent)).toBeGreaterThan(0);
  });

  it("gives way to a switch that the user wants [PATH-7]", () => {
    const driver = renew(online(HOUR_MS)).prefer("b");
    expect(driver.did).toEqual(["closeConnection 3", "openClient 4 b"]);
    expect(driver.connected("b").online.renewal).toBeUndefined();
  });

  it("takes no answer to a question that it does not ask any more [RUN-4]", () => {
    const driver = online(HOUR_MS).due("credentialRenewalDue");
    expect(driver.refreshed(driver.request + 1).ignored).toBe(true);
    expect(driver.refreshFailed(driver.request + 1).ignored).toBe(true);
    const { request } = driver;
    driver.prefer("b").connected("b", HOUR_MS);
    expect(driver.refreshed(request).ignored).toBe(true);
    expect(driver.give({ case: "credentialRenewalDue", value: { dueAtMs: 1, nowMs: 1 } }).ignored).toBe(true);
    expect(online().refreshed(1).ignored).toBe(true);
  });

  it("ends probes that were opened with the credential before: they could not be promoted [PROBE-3, HOST-16]", () => {
    const probing = (): HostDriver =>
      online(HOUR_MS)
        .wait(HOUR_MS - MINUTE_MS)
        .due("probeDue");
    const renewed = probing();
    expect(renewed.online.measurements).toHaveLength(1);
    renew(renewed);
    expect(renewed.online.measurements).toEqual([]);
    expect(probing().say("credentialChanged").online.measurements).toEqual([]);
  });
});
