import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { activeCandidateOf, candidatesOf, generationOf } from "../../../src/runtime/selectors.ts";
import {
  Echo,
  FAR,
  goOnline,
  HERE,
  type HostStage,
  idOf,
  linesOf,
  linksOf,
  NEAR,
  networkOf,
  pass,
  phaseNameOf,
  stageHost,
} from "./support/host-stage.ts";

/** A stage that is online on the far way, because the near one was not there at first. */
async function stageFarAway(): Promise<HostStage> {
  const stage = stageHost();
  networkOf(stage, NEAR).setDialing(NEAR.endpoint, "refuse");
  await goOnline(stage);
  expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
  networkOf(stage, NEAR).setDialing(NEAR.endpoint, "normal");
  return stage;
}

/** A stream that is answered message by message. */
function startTalk(stage: HostStage): {
  say(text: string): void;
  readonly heard: string[];
  readonly failures: unknown[];
} {
  const queue: string[] = [];
  let wake: () => void = () => {};
  async function* requests(): AsyncGenerator<{ text: string }> {
    for (;;) {
      for (let text = queue.shift(); text !== undefined; text = queue.shift()) yield { text };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const heard: string[] = [];
  const failures: unknown[] = [];
  void (async () => {
    try {
      for await (const { text } of stage.host.service(Echo).talk(requests())) heard.push(text);
    } catch (error) {
      failures.push(error);
    }
  })();
  const say = (text: string): void => {
    queue.push(text);
    wake();
  };
  return { say, heard, failures };
}

/** What the server has said about channels: only resumes may follow the first attach. */
function lostChannelsOf({ transitions }: HostStage): number {
  return transitions.filter(({ machine, to }) => machine === "channel" && to === "lost").length;
}

describe("HostRuntime: switching", () => {
  it("goes over to a path that is clearly shorter in 3 probes, with the calls in flight [HOST-3, HOST-4, PATH-1, INV-8, INV-9]", async () => {
    const stage = await stageFarAway();
    const resumed: number[] = [];
    stage.host.on("resumed", ({ calls }) => resumed.push(calls));
    const talk = startTalk(stage);
    talk.say("before");
    const since = stage.clock.now();
    for (let i = 0; i < 70; i += 1) {
      talk.say(`${i}`);
      await pass(stage, 1_000);
    }
    expect(stage.clock.now() - since).toBe(70_000);
    const snapshot = stage.host.getSnapshot();
    expect(activeCandidateOf(snapshot)).toBe(idOf(NEAR));
    expect(generationOf(snapshot)).toBe(2);
    expect(talk.heard).toEqual(["before", ...Array.from({ length: 70 }, (_, i) => `${i}`)]);
    expect(talk.failures).toEqual([]);
    expect(resumed).toEqual([1]);
    expect(lostChannelsOf(stage)).toBe(0);
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
    expect(linksOf(stage, FAR).length).toBeLessThanOrEqual(1);
    const far = candidatesOf(snapshot).find(({ candidateId }) => candidateId === idOf(FAR));
    expect(far).toMatchObject({ bars: 1 });
    expect(stage.errors).toEqual([]);
    stage.host.stop();
  });

  it("never goes over by one probe, and not for a path that is a little shorter [PATH-1]", async () => {
    const slow = { ...NEAR, latencyMs: 50 };
    const stage = stageHost({ ways: [FAR, slow] });
    await goOnline(stage);
    await pass(stage, 600_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect(generationOf(stage.host.getSnapshot())).toBe(1);
  });

  it("changes nothing where the next client fails before the server accepted it, and bars its candidate [HOST-4, PATH-5]", async () => {
    const stage = await stageFarAway();
    const talk = startTalk(stage);
    // Probes are answered; the hello for the session on a promoted one is lost with everything after it.
    let seen = 0;
    networkOf(stage, NEAR).onMessage = (link, direction, message) => {
      if (direction === "up" && message.length < 16_000) seen += 1;
      if (direction === "up" && stage.host.getSnapshot().host.state.case === "online") {
        const { state } = stage.host.getSnapshot().host;
        if (state.case === "online" && state.value.switch !== undefined && link.id > 0) return undefined;
      }
      return message;
    };
    for (let i = 0; i < 60; i += 1) {
      talk.say(`${i}`);
      await pass(stage, 1_000);
    }
    expect(seen).toBeGreaterThan(0);
    const lines = linesOf(stage);
    expect(lines.filter((line) => line === "online client_lost online")).toHaveLength(1);
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
    expect(generationOf(stage.host.getSnapshot())).toBe(1);
    expect(talk.heard).toHaveLength(60);
    expect(talk.failures).toEqual([]);
    const near = candidatesOf(stage.host.getSnapshot()).find(({ candidateId }) => candidateId === idOf(NEAR));
    expect(near?.bars).toBe(1);
    expect(near?.barredUntilMs).toBeGreaterThan(stage.clock.now());
  });

  it("reconnects where the server accepted the next hello and its answer was lost; calls go on [HOST-4, HOST-14]", async () => {
    const stage = await stageFarAway();
    const talk = startTalk(stage);
    let isLosing = true;
    networkOf(stage, NEAR).onMessage = (_, direction, message) => {
      const { state } = stage.host.getSnapshot().host;
      const isSwitching = state.case === "online" && state.value.switch !== undefined;
      return direction === "down" && isSwitching && isLosing ? undefined : message;
    };
    for (let i = 0; i < 90; i += 1) {
      talk.say(`${i}`);
      await pass(stage, 1_000);
      if (stage.phases.includes("interrupted")) isLosing = false;
    }
    const lines = linesOf(stage);
    expect(lines).toContain("online client_lost online");
    expect(lines).toContain("online client_lost interrupted");
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(talk.heard).toHaveLength(90);
    expect(talk.failures).toEqual([]);
    expect(lostChannelsOf(stage)).toBe(0);
  });

  it("goes to the candidate that the user wants at once, and stays there [PATH-7]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
    const talk = startTalk(stage);
    talk.say("one");
    stage.host.useCandidate(idOf(FAR));
    await pass(stage, 1_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    await pass(stage, 600_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    stage.host.useCandidate(undefined);
    await pass(stage, 120_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
    stage.host.useCandidate("nobody");
    await pass(stage, 10_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
    expect(talk.heard).toEqual(["one"]);
  });

  it("goes over while the active connection is being verified, where another path answered a moment ago [PATH-3]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    await pass(stage, 11_000);
    for (const link of linksOf(stage, NEAR)) {
      link.drop("up");
      link.drop("down");
    }
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "hang");
    const said = stage.host.service(Echo).say({ text: "through" });
    stage.lifecycle.signal("online");
    await pass(stage, 1_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect((await said).text).toBe("through");
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
  });

  it("closes the connection before in good order: the channel goes on [HOST-4]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    stage.host.useCandidate(idOf(FAR));
    await pass(stage, 3_000);
    const closed = stage.logged.filter(({ machine, to }) => machine === "connection" && to === "disposed");
    expect(closed.map(({ reason }) => reason.value)).toEqual([CloseCode.CONNECTION_DONE]);
    expect(lostChannelsOf(stage)).toBe(0);
  });
});

describe("HostRuntime: probing", () => {
  it("probes every 10 s in the foreground and never while hidden; probes change nothing but what is known [PATH-6, INV-7]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    const count = (): number => stage.logged.filter(({ machine, to }) => machine === "probe" && to === "probed").length;
    const connection = stage.host.getSnapshot().connection;
    const before = count();
    await pass(stage, 60_000);
    const perMinute = stage.logged.filter(({ machine, event }) => machine === "probe" && event === "welcomed").length;
    expect(perMinute).toBeGreaterThanOrEqual(6);
    expect(perMinute).toBeLessThanOrEqual(8);
    expect(count()).toBeGreaterThan(before);
    expect(stage.host.getSnapshot().connection).toBe(connection);
    stage.lifecycle.signal("hidden");
    const hidden = stage.logged.length;
    await pass(stage, 600_000);
    expect(stage.logged.slice(hidden).filter(({ machine }) => machine === "probe")).toEqual([]);
    expect(phaseNameOf(stage.host)).toBe("online");
    stage.lifecycle.signal("foreground");
    await pass(stage, 1_000);
    expect(stage.logged.slice(hidden).filter(({ machine }) => machine === "probe")).not.toEqual([]);
  });

  it("backs off to 5 min where a candidate does not answer [PATH-4]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    networkOf(stage, FAR).setDialing(FAR.endpoint, "refuse");
    await pass(stage, 3_600_000);
    const from = stage.logged.length;
    await pass(stage, 3_600_000);
    const failed = stage.logged.slice(from).filter(({ machine, to }) => machine === "probe" && to === "closed");
    expect(failed.length).toBeGreaterThanOrEqual(11);
    expect(failed.length).toBeLessThanOrEqual(13);
  });

  it("measures nothing on this machine, and no other path below 5 ms [PATH-6]", async () => {
    for (const way of [HERE, { endpoint: "wss://lan.example/", latencyMs: 2 }]) {
      const stage = stageHost({ ways: [way, FAR] });
      await goOnline(stage);
      const from = stage.logged.length;
      await pass(stage, 120_000);
      expect(stage.logged.slice(from).filter(({ machine }) => machine === "probe")).toEqual([]);
    }
  });

  it("measures nothing more because of a wish that cannot be granted [PATH-6, PATH-7]", async () => {
    const stage = stageHost({ ways: [{ endpoint: "wss://lan.example/", latencyMs: 2 }, FAR, NEAR], lies: [NEAR] });
    await goOnline(stage);
    for (const wish of ["unknown", idOf(NEAR)]) {
      stage.host.useCandidate(wish);
      await pass(stage, 60_000);
      const from = stage.logged.length;
      await pass(stage, 120_000);
      expect(stage.logged.slice(from).filter(({ machine }) => machine === "probe")).toEqual([]);
      expect(phaseNameOf(stage.host)).toBe("online");
    }
  });
});
