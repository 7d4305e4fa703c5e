import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { hostTable } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { connectionsOf, timersOf } from "../../../src/machine/host/holdings.ts";
import { hostMachine } from "../../../src/machine/host.ts";
import { A, B, HostDriver, R } from "./host-driver.ts";

const IDS = ["a", "b", "r"] as const;
const CODES = [
  ...[CloseCode.UNSPECIFIED, CloseCode.UNSPECIFIED, CloseCode.UNSPECIFIED, CloseCode.SUPERSEDED],
  ...[CloseCode.CREDENTIAL_EXPIRED, CloseCode.UNAUTHENTICATED, CloseCode.WRONG_SERVER, CloseCode.OVERLOADED],
  ...[CloseCode.CHANNEL_LOST, CloseCode.DAEMON_BUSY],
];
const PROFILES = [[A, B, R], [A, B, R], [A], [B, R], []];

type Move = (driver: HostDriver) => HostDriver;
const id = fc.constantFrom(...IDS);
const code = fc.constantFrom(...CODES);

/** Something that may happen to a host that has what it has: answers are of connections that are there. */
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(id, fc.constantFrom(undefined, undefined, 1_000, 45_000, 3_600_000)).map(
      ([who, expiresInMs]): Move =>
        (driver) =>
          driver.connected(who, expiresInMs),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(id, code, fc.boolean()).map(
      ([who, why, wasHealthy]): Move =>
        (driver) =>
          driver.lost(who, { code: why, wasHealthy }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(id, fc.integer({ min: 1, max: 200 }), fc.boolean()).map(
      ([who, ms, isDoubted]): Move =>
        (driver) =>
          driver.answered(who, ms, isDoubted),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(id, code).map(
      ([who, why]): Move =>
        (driver) =>
          driver.probeFailed(who, why),
    ),
  },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom("raceDue", "retryDue", "probeDue", "interruptionTimedOut", "credentialRenewalDue" as const)
      .map(
        (name): Move =>
          (driver) =>
            driver.due(name as "raceDue"),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("retryRequested", "refreshRequested", "credentialChanged", "woke", "wentOnline", "foregrounded")
      .map(
        (name): Move =>
          (driver) =>
            driver.say(name as "woke"),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 100_000 }).map(
      (ms): Move =>
        (driver) =>
          driver.wait(ms),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Move>(
      (driver) => driver.hide(),
      (driver) => (driver.phase === "online" ? driver.activeLost({ code: CloseCode.SUPERSEDED }) : driver),
      (driver) => driver.refreshed(),
      (driver) => driver.refreshFailed(),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", ...IDS).map(
      (who): Move =>
        (driver) =>
          driver.prefer(who),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...PROFILES).map(
      (profile): Move =>
        (driver) =>
          driver.change(...profile),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map(
      (isDoubted): Move =>
        (driver) => {
          if (driver.phase !== "online") return driver;
          return isDoubted ? driver.doubt() : driver.measured(100);
        },
    ),
  },
);

/** What the effects so far have opened and not closed. */
class Ledger {
  readonly open = new Set<number>();
  readonly timers = new Map<number, number>();
  hellos = 0;

  take({ effects }: HostDriver): void {
    for (const { effect } of effects) {
      switch (effect.case) {
        case "openClient":
          this.hellos += 1;
          this.begin(effect.value.connection);
          break;
        case "openProbe":
          this.begin(effect.value.connection);
          break;
        case "promoteProbe":
          this.hellos += 1;
          expect(this.open.has(effect.value.connection)).toBe(true);
          break;
        case "closeConnection":
          expect(this.open.delete(effect.value.connection)).toBe(true);
          break;
        case "startTimer":
          this.timers.set(effect.value.timer, effect.value.atMs);
          break;
        case "cancelTimer":
          this.timers.delete(effect.value.timer);
          break;
      }
    }
  }

  private begin(connection: number): void {
    expect(this.open.has(connection)).toBe(false);
    this.open.add(connection);
  }
}

/** How many connections may say hello for the session, or have said it, in a state. */
function helloCountOf({ state }: HostState): number {
  const effort = state.value !== undefined && "effort" in state.value ? state.value.effort : undefined;
  const race =
    state.case === "connectingActive" ? state.value.race : effort?.case === "race" ? effort.value : undefined;
  return race?.contenders.filter(({ stage }) => stage.case === "greeting").length ?? 0;
}

function isOnItsWay(driver: HostDriver): boolean {
  return driver.timers.size > 0 || connectionsOf(driver.state).size > 0 || driver.request > 0;
}

describe("random walks: host", () => {
  it("holds what its state says, greets with one connection at a time, and is never stuck [RUN-2, RUN-3, HOST-5, HOST-8, INV-14]", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
        const driver = new HostDriver().start(A, B, R);
        const ledger = new Ledger();
        ledger.take(driver);
        for (const step of moves) {
          const from = driver.state;
          const given = driver.events.length;
          step(driver);
          if (driver.events.length === given) continue;
          checkRow(from, driver);
          ledger.take(driver);
          expect([...ledger.open].sort()).toEqual([...connectionsOf(driver.state)].sort());
          expect([...ledger.timers].sort()).toEqual([...timersOf(driver.state)].sort());
          expect(helloCountOf(driver.state)).toBeLessThanOrEqual(1);
          if (["selecting", "connecting_active", "interrupted", "degraded"].includes(driver.phase)) {
            expect(isOnItsWay(driver)).toBe(true);
          }
        }
      }),
      { numRuns: 600 },
    );
  });

  it("keeps to the retry budget where nobody asks [RETRY-3, HOST-8]", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
        const driver = new HostDriver().start(A, B, R);
        const ledger = new Ledger();
        ledger.take(driver);
        for (const step of moves) {
          const given = driver.events.length;
          step(driver);
          const names = driver.events.slice(given).map(({ event }) => event.case);
          if (names.some((name) => ASKING.has(name ?? ""))) return;
          if (names.length === 1) ledger.take(driver);
          expect(ledger.hellos).toBeLessThanOrEqual(20 + (driver.nowMs - 1_000) / 3_000 + 1e-6);
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** What a user asks for, who need not wait for the budget. */
const ASKING: ReadonlySet<string> = new Set(["retryRequested", "candidatePreferred"]);

function checkRow(from: HostState, driver: HostDriver): void {
  if (driver.ignored) {
    expect(driver.state).toBe(from);
    expect(driver.effects).toEqual([]);
    return;
  }
  const event = driver.events.at(-1);
  const rows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = hostTable.transitions;
  const targets = event === undefined ? [] : rows[hostMachine.stateName(from)]?.[hostMachine.eventName(event)];
  expect(targets).toContain(driver.phase);
}
