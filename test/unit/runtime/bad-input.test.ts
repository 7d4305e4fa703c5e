import { clone, create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CallOutcome } from "../../../gen/moorline/session/v1/error_pb.ts";
import { type HostProfile, HostProfileSchema } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { createReactNativeLifecycle } from "../../../src/client/lifecycle-react-native.ts";
import { outcomeOf } from "../../../src/rpc/call-errors.ts";
import { createAgentView } from "../../../src/runtime/agent-view.ts";
import { createHostRuntime } from "../../../src/runtime/create-host-runtime.ts";
import { describeDaemon } from "../../../src/runtime/describe-daemon.ts";
import { createHostFleet } from "../../../src/runtime/fleet/create-host-fleet.ts";
import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import { intentsOf } from "../../../src/runtime/host-intents.ts";
import type { HostRuntime, HostRuntimeOptions } from "../../../src/runtime/host-runtime.ts";
import { createAgentDirectory } from "../../../src/runtime/mirror/create-agent-directory.ts";
import { createAgentTimeline } from "../../../src/runtime/mirror/create-agent-timeline.ts";
import { createPresentation } from "../../../src/runtime/presentation/create-presentation.ts";
import { createMemoryHostRegistry } from "../../../src/runtime/registry/memory-host-registry.ts";
import { candidatesOf } from "../../../src/runtime/selectors.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { rejectionOf, SESSION_KEY } from "../client/support/stage.ts";
import { SERVER_ID } from "../server/support/daemon.ts";
import {
  FAR,
  goOnline,
  HERE,
  type HostStage,
  idOf,
  linesOf,
  NEAR,
  networkOf,
  pass,
  phaseNameOf,
  profileOf,
  stageHost,
} from "./support/host-stage.ts";

/** What was thrown: it has to be the error of Moorline, and to say what to do. */
function thrownBy(work: () => unknown): MoorlineError {
  try {
    work();
  } catch (error) {
    if (!(error instanceof MoorlineError)) throw error;
    expect(error.action).toMatch(/^[A-Z].{10,}\.$/);
    return error;
  }
  return expect.unreachable();
}

const wrong = (value: unknown): never => value as never;
const OPTIONS: HostRuntimeOptions = {
  profile: profileOf([NEAR]),
  sessionKey: SESSION_KEY,
  client: { name: "test", version: "1" },
};

describe("createHostRuntime: options of another form", () => {
  it.each<[string, Partial<Record<keyof HostRuntimeOptions, unknown>>]>([
    ["no profile", { profile: undefined }],
    ["a profile that is a text", { profile: "profile" }],
    ["a profile without candidates", { profile: { serverId: SERVER_ID } }],
    ["a candidate that is none", { profile: { serverId: SERVER_ID, candidates: [undefined] } }],
    ["a candidate without an id", { profile: { serverId: SERVER_ID, candidates: [{ kind: { case: undefined } }] } }],
    ["no client", { client: undefined }],
    ["a client without a version", { client: { name: "test" } }],
    ["a credential that is a text", { credential: "token" }],
    ["a transport that dials nothing", { transport: {} }],
    ["routes that serve nothing", { routes: () => {} }],
    ["codecs that are none", { codecs: {} }],
    ["interceptors that are no list", { interceptors: () => {} }],
    ["an interceptor that is none", { interceptors: [undefined] }],
    ["a deadline below 0", { defaultTimeoutMs: -1 }],
    ["a deadline that is no number", { defaultTimeoutMs: Number.NaN }],
    ["a lifecycle that is a function", { lifecycle: () => {} }],
    ["a storage without load", { mirrorStorage: { save: () => {}, delete: () => {}, list: () => {} } }],
    ["a clock that is a number", { clock: 7 }],
    ["chance without bytes", { random: { unit: () => 0.5 } }],
    ["a sink that is an object", { onTransition: {} }],
    ["a listener of errors that is a text", { onError: "log" }],
    ["limits that are a number", { limits: 7 }],
    ["a limit of 0", { limits: { probeIntervalMs: 0 } }],
    ["a limit that is a text", { limits: { interruptionMs: "1500" } }],
    ["a credit beyond its range", { limits: { initialCreditBytes: 1 } }],
  ])("refuses %s, and says what to give [HOST-18]", (_, options) => {
    const error = thrownBy(() => createHostRuntime(wrong({ ...OPTIONS, ...options })));
    expect(error.code).toMatch(/^(OPTION_INVALID|SERVER_ID_MALFORMED)$/);
  });

  it("refuses no options at all [HOST-18]", () => {
    for (const options of [undefined, null, "options", []]) {
      expect(thrownBy(() => createHostRuntime(wrong(options))).code).toBe("OPTION_INVALID");
    }
  });
});

describe("what a runtime is made with: values of another form", () => {
  it.each<[string, () => unknown, string]>([
    ["no profile", () => createHostProfile(wrong(undefined)), "OPTION_INVALID"],
    ["no candidates", () => createHostProfile(wrong({ serverId: SERVER_ID })), "OPTION_INVALID"],
    ["a candidate that is a text", () => profileWith(["wss://a.example/"]), "OPTION_INVALID"],
    ["a candidate without an address", () => profileWith([{}]), "ENDPOINT_MALFORMED"],
    ["nine candidates", () => profileWith(addresses(9)), "OPTION_INVALID"],
    ["a label that is too long", () => profileWith([], "x".repeat(257)), "OPTION_INVALID"],
    ["a label that is no text", () => profileWith([], 7), "OPTION_INVALID"],
    ["a fleet without options", () => createHostFleet(wrong(undefined)), "OPTION_INVALID"],
    ["a fleet without a registry", () => createHostFleet(wrong({ createOptions: () => OPTIONS })), "OPTION_INVALID"],
    [
      "a fleet without createOptions",
      () => createHostFleet(wrong({ registry: createMemoryHostRegistry() })),
      "OPTION_INVALID",
    ],
    ["a registry of what is no list", () => createMemoryHostRegistry(wrong({})), "OPTION_INVALID"],
    ["a presentation of nothing", () => createPresentation(wrong({})), "OPTION_INVALID"],
    [
      "a view of a filter that is a function",
      () =>
        createAgentView(
          wrong({}),
          wrong(() => true),
        ),
      "OPTION_INVALID",
    ],
    ["a view in an order that is a text", () => createAgentView(wrong({}), {}, wrong("title")), "OPTION_INVALID"],
    [
      "a directory in an order that is none",
      () => createAgentDirectory(wrong({}), { order: wrong("title") }),
      "OPTION_INVALID",
    ],
    ["a timeline of nobody", () => createAgentTimeline(wrong({}), wrong(undefined)), "OPTION_INVALID"],
    ["a lifecycle of nothing", () => createReactNativeLifecycle(wrong({})), "OPTION_INVALID"],
  ])("refuses %s [HOST-18]", (_, work, code) => {
    expect(thrownBy(work).code).toBe(code);
  });

  it.each<[string, unknown, object, string]>([
    ["no address", undefined, {}, "ENDPOINT_MALFORMED"],
    ["a fetch that is none", HERE.endpoint, { fetch: wrong(7) }, "OPTION_INVALID"],
    ["a time that is none", HERE.endpoint, { timeoutMs: Number.NaN }, "OPTION_INVALID"],
  ])("asks nobody who is there with %s [FLEET-11]", async (_, endpoint, options, code) => {
    const fetch = (): never => expect.unreachable();
    await expect(describeDaemon(wrong(endpoint), { fetch, ...options })).rejects.toMatchObject({ code });
  });
});

describe("HostRuntime: profiles of another form", () => {
  it("takes 8 candidates of more, each id once, and says so [HOST-2, HOST-18]", async () => {
    const many = clone(HostProfileSchema, profileOf([NEAR, FAR]));
    for (let i = 0; i < 9; i += 1)
      many.candidates.push(clone(HostProfileSchema, profileOf([HERE])).candidates[0] as never);
    for (let i = 3; i < many.candidates.length; i += 1) (many.candidates[i] as { id: string }).id = `extra ${i}`;
    const stage = stageHost({ runtime: { profile: many } });
    expect(stage.errors).toMatchObject([{ code: "OPTION_INVALID", text: "The profile has 11 candidates." }]);
    await goOnline(stage);
    expect(candidatesOf(stage.host.getSnapshot())).toHaveLength(8);
    expect(many.candidates).toHaveLength(11);
  });

  it("tells candidates with the same id, or none, apart from each other: the first counts [HOST-2, HOST-18]", async () => {
    const twice = clone(HostProfileSchema, profileOf([NEAR, FAR, HERE]));
    (twice.candidates[1] as { id: string }).id = idOf(NEAR);
    (twice.candidates[2] as { id: string }).id = "";
    const stage = stageHost({ runtime: { profile: twice } });
    expect(stage.errors).toMatchObject([{ code: "OPTION_INVALID" }]);
    await goOnline(stage);
    await pass(stage, 60_000);
    expect(candidatesOf(stage.host.getSnapshot()).map(({ candidateId }) => candidateId)).toEqual([idOf(NEAR)]);
  });

  it("is told of a malformed intent by onError, throws nothing and changes nothing [HOST-11, HOST-18]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    const { host } = stage.host.getSnapshot();
    const from = stage.logged.length;
    for (const profile of [undefined, null, {}, { serverId: SERVER_ID }, { serverId: SERVER_ID, candidates: [7] }]) {
      stage.host.setProfile(wrong(profile));
    }
    stage.host.useCandidate(wrong(7));
    stage.host.useCandidate(wrong(null));
    expect(stage.errors).toHaveLength(7);
    for (const error of stage.errors)
      expect(error).toMatchObject({ name: "MoorlineError", action: expect.stringMatching(/./) });
    expect(linesOf(stage, from)).toEqual([]);
    expect(stage.host.getSnapshot().host).toBe(host);
  });

  it("refuses a service, an event and a listener that are none [HOST-18]", () => {
    const { host } = stageHost();
    for (const work of [
      () => host.service(wrong({})),
      () => host.service(wrong(undefined)),
      () => host.on(wrong("online"), () => {}),
      () => host.on("resumed", wrong(undefined)),
      () => host.subscribe(wrong("listener")),
    ]) {
      expect(thrownBy(work).code).toBe("OPTION_INVALID");
    }
  });
});

describe("HostRuntime: why it cannot be online", () => {
  it.each<[string, () => unknown, string]>([
    ["a storage that fails", () => Promise.reject(new MoorlineError("STORAGE_FAILED", "No.")), "STORAGE_FAILED"],
    ["a storage without room", () => Promise.reject(new MoorlineError("STORAGE_FULL", "No.")), "STORAGE_FULL"],
    ["no storage", () => Promise.reject(new MoorlineError("STORAGE_UNSUPPORTED", "No.")), "STORAGE_UNSUPPORTED"],
    [
      "a damaged secret",
      () => Promise.reject(new MoorlineError("INSTALL_SECRET_MALFORMED", "No.")),
      "INSTALL_SECRET_MALFORMED",
    ],
    ["what is no key", () => "short", "SESSION_KEY_MALFORMED"],
    [
      "a function that throws",
      () => {
        throw new Error("hush");
      },
      "SESSION_KEY_UNAVAILABLE",
    ],
    [
      "another error of Moorline",
      () => Promise.reject(new MoorlineError("RANDOM_FAILED", "No.")),
      "SESSION_KEY_UNAVAILABLE",
    ],
  ])("says so where there is %s, with what to do [HOST-13, HOST-1]", async (_, sessionKey, code) => {
    const stage = stageHost({ runtime: { sessionKey: wrong(sessionKey) } });
    const error = await rejectionOf(stage, stage.host.ensureOnline());
    expect(error.code).toBe(code);
    expect(error.message).not.toContain("hush");
    expect(error.action).toMatch(/^[A-Z].*\.$/);
    expect(phaseNameOf(stage.host)).toBe("failed");
  });

  it("says that no new credential could be had, that no candidate can be tried, and that it is stopped [HOST-13]", async () => {
    const fixed = stageHost({
      daemon: { authenticate: () => ({ rejected: "CREDENTIAL_EXPIRED" }) },
      runtime: { credential: { bearerToken: "token" } },
    });
    const waiting = fixed.host.ensureOnline();
    waiting.catch(() => {});
    await pass(fixed, 5_000);
    expect(await rejectionOf(fixed, waiting)).toMatchObject({ code: "CREDENTIAL_REFRESH_FAILED" });
    const nowhere = stageHost({ runtime: { profile: withEndpoint("nowhere") } });
    expect(await rejectionOf(nowhere, nowhere.host.ensureOnline())).toMatchObject({
      code: "NOT_CONNECTED",
      action: expect.stringContaining("candidatesOf"),
    });
    expect(candidatesOf(nowhere.host.getSnapshot())[0]?.setAside?.reason).toBe(SetAsideReason.ENDPOINT_MALFORMED);
    nowhere.host.stop();
    expect(await rejectionOf(nowhere, nowhere.host.ensureOnline())).toMatchObject({
      code: "DISPOSED",
      action: expect.stringContaining("another runtime"),
    });
  });
});

describe("HostRuntime: stopped, with its mirrors", () => {
  async function stageStopped(): Promise<{ readonly stage: HostStage; readonly runtime: HostRuntime }> {
    const stage = stageHost({ ways: [HERE] });
    const runtime = createHostRuntime({
      ...OPTIONS,
      profile: profileOf([HERE]),
      ...{ clock: stage.clock, transport: networkOf(stage, HERE).host("app").transport },
      onError: (error) => stage.errors.push(error),
      onTransition: (transition) => stage.logged.push(transition),
    });
    runtime.start();
    await pass(stage, 1_000);
    runtime.stop();
    await pass(stage, 1_000);
    stage.errors.length = 0;
    return { stage, runtime };
  }

  it("takes every intent, throws nothing, asks nobody and leaves no timer [HOST-11]", async () => {
    const { stage, runtime } = await stageStopped();
    const from = stage.logged.length;
    const snapshot = runtime.getSnapshot();
    const timers = stage.clock.pending;
    const timeline = runtime.timeline("agent");
    const unsubscribe = timeline.items.subscribe(() => {});
    for (const intent of ["start", "stop", "retry", "refresh", "credentialChanged"] as const) runtime[intent]();
    runtime.useCandidate("x");
    runtime.setProfile(profileOf([NEAR]));
    runtime.agents.refresh();
    runtime.agents.setFilter({ onlyAttention: true });
    runtime.creations.dismiss("none");
    timeline.refresh();
    await timeline.loadEarlier();
    expect(timeline.items.getSnapshot()).toEqual({ items: [], hasEarlier: false, earlier: "idle" });
    unsubscribe();
    await pass(stage, 600_000);
    expect(stage.logged.slice(from).filter(({ outcome }) => outcome !== 2)).toEqual([]);
    expect(stage.logged.slice(from).map(({ event }) => event)).toEqual([
      ...["start_requested", "stop_requested", "retry_requested", "refresh_requested", "credential_changed"],
      ...["candidate_preferred", "candidates_changed"],
    ]);
    expect(runtime.getSnapshot()).toBe(snapshot);
    expect(stage.errors).toEqual([]);
    expect(stage.clock.pending).toBe(timers);
  });

  it("settles every promise with a typed answer that says what to do [HOST-11, HOST-12, CREATE-8]", async () => {
    const { stage, runtime } = await stageStopped();
    expect(await rejectionOf(stage, runtime.ensureOnline())).toMatchObject({ code: "DISPOSED" });
    expect(await rejectionOf(stage, runtime.createAgent({ providerId: "p" }))).toMatchObject({ code: "DISPOSED" });
    const intents = intentsOf(runtime);
    for (const call of [
      runtime.service(AgentDirectoryService).listAgents({}),
      intents.sendPrompt("a", "text"),
      intents.cancelTurn("a"),
      intents.archiveAgent("a"),
      intents.clearAttention("a"),
      intents.resolvePermission("a", "b", "c"),
    ]) {
      const error = await call.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConnectError);
      expect(outcomeOf(error as ConnectError)).toBe(CallOutcome.NOT_SENT);
    }
  });
});

function addresses(count: number): { readonly direct: string }[] {
  return Array.from({ length: count }, (_, i) => ({ direct: `wss://${i}.example/` }));
}

function profileWith(candidates: readonly unknown[], label: unknown = ""): HostProfile {
  return createHostProfile(wrong({ serverId: SERVER_ID, label, candidates }));
}

function withEndpoint(endpoint: string): HostProfile {
  const kind = { case: "direct" as const, value: { endpoint } };
  return create(HostProfileSchema, { serverId: SERVER_ID, candidates: [{ id: "a", kind }] });
}
