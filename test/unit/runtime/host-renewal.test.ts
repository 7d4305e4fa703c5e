import { describe, expect, it } from "vitest";
import type { Credential } from "../../../src/client/credential.ts";
import { generationOf } from "../../../src/runtime/selectors.ts";
import {
  goOnline,
  HERE,
  type HostStage,
  type HostStageOptions,
  linesOf,
  linksOf,
  NEAR,
  pass,
  phaseNameOf,
  stageHost,
} from "./support/host-stage.ts";
import { lostChannelsOf, startTalk } from "./support/talk.ts";

const MINUTE_MS = 60_000;

interface Office {
  readonly stage: HostStage;
  /** When the callback was asked. */
  readonly askedAtMs: number[];
  /** What the callback gives, by the number of the question. */
  answer: (number: number) => Credential | undefined;
}

/** A daemon whose credentials are good for a while from their making on, each of which has its number as its token. */
function stageOffice(lifeMs: number, more: HostStageOptions = {}): Office {
  const madeAtMs = new Map<string, number>();
  const office: Office = {
    askedAtMs: [],
    answer: (number) => ({ bearerToken: `token ${number}` }),
    stage: stageHost({
      ways: [NEAR],
      daemon: {
        authenticate: ({ credential }) => {
          const made = madeAtMs.get(credential?.token ?? "");
          if (made === undefined) return { rejected: "UNAUTHENTICATED" };
          return { principal: "owner", expiresAt: made + lifeMs };
        },
      },
      ...more,
      runtime: {
        credential: () => {
          office.askedAtMs.push(office.stage.clock.now());
          const credential = office.answer(office.askedAtMs.length);
          if (credential !== undefined && "bearerToken" in credential && credential.bearerToken.startsWith("token"))
            madeAtMs.set(credential.bearerToken, office.stage.clock.wallNow());
          return credential;
        },
        ...more.runtime,
      },
    }),
  };
  return office;
}

describe("HostRuntime: a credential that expires", () => {
  it.each([
    ["probed", NEAR],
    ["on this machine", HERE],
  ])(
    "is renewed a minute before its end on a path that is %s, and calls in flight go on [HOST-16, HOST-4, INV-9]",
    async (_, way) => {
      const { stage, askedAtMs } = stageOffice(10 * MINUTE_MS, { ways: [way] });
      await goOnline(stage);
      const talk = startTalk(stage);
      const resumed: number[] = [];
      stage.host.on("resumed", ({ calls }) => resumed.push(calls));
      for (let i = 0; i < 35; i += 1) {
        talk.say(`${i}`);
        await pass(stage, MINUTE_MS);
        expect(phaseNameOf(stage.host)).toBe("online");
      }
      expect(askedAtMs.slice(1).map((at, i) => Math.round((at - (askedAtMs[i] ?? 0)) / 1_000))).toEqual([
        540, 540, 540,
      ]);
      expect(generationOf(stage.host.getSnapshot())).toBe(4);
      expect(talk.heard).toEqual(Array.from({ length: 35 }, (_, i) => `${i}`));
      expect(talk.failures).toEqual([]);
      expect(resumed).toEqual([1, 1, 1]);
      expect(lostChannelsOf(stage)).toBe(0);
      expect(linksOf(stage, way)).toHaveLength(1);
      expect(stage.phases).toEqual(["booting", "selecting", "online"]);
      expect(stage.errors).toEqual([]);
    },
  );

  it("is asked for again, half-way to the end, where the callback fails, and there is no gap [HOST-17]", async () => {
    const office = stageOffice(10 * MINUTE_MS);
    const { stage, askedAtMs } = office;
    office.answer = (number) => {
      if (number === 2) throw new Error("no network");
      return number === 3 ? undefined : { bearerToken: `token ${number}` };
    };
    await goOnline(stage);
    const talk = startTalk(stage);
    talk.say("before");
    await pass(stage, 12 * MINUTE_MS);
    talk.say("after");
    await pass(stage, 1_000);
    expect(askedAtMs.map((at) => Math.round(at / 1_000))).toEqual([0, 540, 570, 585]);
    expect(talk.heard).toEqual(["before", "after"]);
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
    expect(stage.errors).toMatchObject([{ message: "no network" }, { message: "the credential callback gave none" }]);
  });

  it("stays as it is where the new one is refused, and takes the next [HOST-17]", async () => {
    const office = stageOffice(10 * MINUTE_MS);
    const { stage } = office;
    office.answer = (number) => ({ bearerToken: number === 2 ? "forged" : `token ${number}` });
    await goOnline(stage);
    const talk = startTalk(stage);
    talk.say("before");
    await pass(stage, 9 * MINUTE_MS + 10_000);
    expect(linesOf(stage)).toContain("online client_lost online");
    expect(generationOf(stage.host.getSnapshot())).toBe(1);
    await pass(stage, 5 * MINUTE_MS);
    expect(generationOf(stage.host.getSnapshot())).toBe(2);
    talk.say("after");
    await pass(stage, 1_000);
    expect(talk.heard).toEqual(["before", "after"]);
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
  });

  it("is left to the daemon where the callback gives none in time: then it is asked for once more [HOST-17, RETRY-5]", async () => {
    const office = stageOffice(10 * MINUTE_MS);
    const { stage, askedAtMs } = office;
    office.answer = (number) => (number > 1 && number < 7 ? undefined : { bearerToken: `token ${number}` });
    await goOnline(stage);
    const talk = startTalk(stage);
    talk.say("before");
    await pass(stage, 11 * MINUTE_MS);
    talk.say("after");
    await pass(stage, 1_000);
    expect(askedAtMs).toHaveLength(7);
    expect(stage.phases).toEqual(["booting", "selecting", "online", "interrupted", "online"]);
    expect(talk.heard).toEqual(["before", "after"]);
  });

  it("is not asked for where it is a fixed one [HOST-17]", async () => {
    const stage = stageHost({
      ways: [HERE],
      daemon: { authenticate: () => ({ principal: "owner", expiresAt: MINUTE_MS + stage.clock.wallNow() }) },
      runtime: { credential: { bearerToken: "fixed" } },
    });
    await goOnline(stage);
    const from = stage.logged.length;
    await pass(stage, 50_000);
    expect(stage.logged).toHaveLength(from);
    await pass(stage, 20_000);
    expect(phaseNameOf(stage.host)).toBe("error");
  });

  it("is looked after no more once the runtime is stopped, whatever the callback answers then [HOST-11, INV-8]", async () => {
    let give: (credential: Credential) => void = () => {};
    const office = stageOffice(10 * MINUTE_MS, {
      runtime: {
        credential: () =>
          new Promise<Credential>((resolve) => {
            give = resolve;
          }),
      },
      daemon: {
        authenticate: () => ({ principal: "owner", expiresAt: 10 * MINUTE_MS + office.stage.clock.wallNow() }),
      },
    });
    const { stage } = office;
    stage.host.start();
    await pass(stage, 100);
    give({ bearerToken: "first" });
    await pass(stage, 9 * MINUTE_MS + 5_000);
    expect(linesOf(stage).at(-1)).not.toContain("credential_refreshed");
    stage.host.stop();
    give({ bearerToken: "second" });
    await pass(stage, MINUTE_MS);
    expect(linesOf(stage).at(-1)).toBe("stopped credential_refreshed stopped (ignored)");
    expect(linksOf(stage, NEAR)).toEqual([]);
  });
});

describe("HostRuntime: a credential that does not come", () => {
  it("is waited for; a retry races, fails in time, and takes it when it comes [HOST-10, CONN-6]", async () => {
    let asked = 0;
    let give = (_: Credential): void => {};
    const stage = stageHost({
      ways: [NEAR],
      daemon: {
        authenticate: ({ credential }) =>
          credential?.token === "good" ? { principal: "owner" } : { rejected: "CREDENTIAL_EXPIRED" },
      },
      runtime: {
        credential: () => {
          asked += 1;
          return asked === 1 ? { bearerToken: "old" } : new Promise<Credential>((resolve) => (give = resolve));
        },
      },
    });
    stage.host.start();
    await pass(stage, MINUTE_MS / 2);
    expect([phaseNameOf(stage.host), asked]).toEqual(["selecting", 2]);
    stage.host.retry();
    await pass(stage, 15_000);
    expect(stage.phases).toContain("error");
    give({ bearerToken: "good" });
    await pass(stage, MINUTE_MS);
    expect([phaseNameOf(stage.host), asked]).toEqual(["online", 2]);
  });
});
