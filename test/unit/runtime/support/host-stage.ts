import { create, toJsonString } from "@bufbuild/protobuf";
import { HostStateSchema } from "../../../../gen/moorline/machine/v1/host_pb.ts";
import type { Transition } from "../../../../gen/moorline/state/v1/transition_pb.ts";
import { hostMachine } from "../../../../src/machine/host.ts";
import { HostCore } from "../../../../src/runtime/host/host-core.ts";
import { resolveHostOptions } from "../../../../src/runtime/host/host-settings.ts";
import { createHostProfile } from "../../../../src/runtime/host/profile.ts";
import type { HostRuntimeOptions } from "../../../../src/runtime/host-runtime.ts";
import { SimulatedNetwork } from "../../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import type { Transport } from "../../../../src/transport/connection.ts";
import { ScriptedLifecycle, SESSION_KEY, steadyRandom } from "../../client/support/stage.ts";
import { EchoService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { type DaemonStage, SERVER_ID, type StageOptions, stageDaemon } from "../../server/support/daemon.ts";

/** A way to the daemon: its address, and how long one way takes. */
export interface Way {
  readonly endpoint: string;
  readonly latencyMs?: number;
}

/** Two ways that are no loopback, so that they are probed. */
export const NEAR: Way = { endpoint: "wss://near.example/", latencyMs: 20 };
export const FAR: Way = { endpoint: "wss://far.example/", latencyMs: 60 };
/** A way on this machine. */
export const HERE: Way = { endpoint: "ws://127.0.0.1:7420/", latencyMs: 1 };

const OTHER_IDENTITY = { publicKey: new Uint8Array(32), name: "other", version: "1.0.0" };

/** A runtime without mirrors, a real daemon, and a network for each way to it. */
export interface HostStage extends DaemonStage {
  readonly host: HostCore;
  readonly lifecycle: ScriptedLifecycle;
  /** Of the client's side: host, connections, probes. */
  readonly logged: Transition[];
  readonly errors: unknown[];
  readonly networks: ReadonlyMap<string, SimulatedNetwork>;
  /** Every state of the host that was published, as text. */
  readonly states: string[];
  readonly phases: string[];
}

/** How a stage is set. */
export interface HostStageOptions {
  readonly ways?: readonly Way[];
  /** Ways on which another daemon answers. */
  readonly lies?: readonly Way[];
  readonly daemon?: StageOptions;
  readonly runtime?: Partial<HostRuntimeOptions>;
}

/** The id of a candidate. */
export function idOf({ endpoint }: Way): string {
  return `direct ${endpoint}`;
}

/** The profile of the daemon over some ways. */
export function profileOf(ways: readonly Way[]): ReturnType<typeof createHostProfile> {
  return createHostProfile({ serverId: SERVER_ID, candidates: ways.map(({ endpoint }) => ({ direct: endpoint })) });
}

/** Sets the stage. Nothing is started. */
export function stageHost({
  ways = [NEAR, FAR],
  lies = [],
  daemon = {},
  runtime = {},
}: HostStageOptions = {}): HostStage {
  const stage = stageDaemon({ echo: createEcho(), ...daemon });
  const { clock } = stage;
  const other = stageDaemon({ identity: OTHER_IDENTITY, simulated: clock });
  const networks = new Map(ways.map((way) => [way.endpoint, createNetwork(lies.includes(way) ? other : stage, way)]));
  return { ...stage, networks, ...addHost({ clock, networks }, { profile: profileOf(ways), ...runtime }) };
}

/** A runtime by itself, as in another tab: the same session key on the same networks, unless the options say otherwise. */
export function addHost(
  { clock, networks }: Pick<HostStage, "clock" | "networks">,
  runtime: Partial<HostRuntimeOptions> & Pick<HostRuntimeOptions, "profile">,
  process = "client",
): Pick<HostStage, "host" | "lifecycle" | "logged" | "errors" | "states" | "phases"> {
  const lifecycle = new ScriptedLifecycle();
  const [logged, errors, states, phases]: [Transition[], unknown[], string[], string[]] = [[], [], [], []];
  const options: HostRuntimeOptions = {
    sessionKey: SESSION_KEY,
    client: { name: "test", version: "1.0.0" },
    ...{ transport: createRouted(networks, process), clock, random: steadyRandom, lifecycle },
    onTransition: (transition) => logged.push(transition),
    onError: (error) => errors.push(error),
    ...runtime,
  };
  const host = new HostCore(resolveHostOptions(options), options.profile);
  let before = host.getSnapshot().host;
  host.subscribe(() => {
    const { host: state } = host.getSnapshot();
    if (state === before) return;
    before = state;
    states.push(toJsonString(HostStateSchema, create(HostStateSchema, state)));
    if (phases.at(-1) !== phaseNameOf(host)) phases.push(phaseNameOf(host));
  });
  return { host, lifecycle, logged, errors, states, phases };
}

/** What dials each address on its own network, for a process of that name. */
export function createRouted(networks: HostStage["networks"], process: string): Transport {
  const dialers = new Map([...networks].map(([endpoint, network]) => [endpoint, network.host(process).transport]));
  return {
    name: "routed",
    dial: (endpoint, listener) => {
      const dialer = dialers.get(endpoint);
      if (dialer === undefined) throw new Error(`there is no way to ${endpoint}`);
      return dialer.dial(endpoint, listener);
    },
  };
}

/** The name of the present state. */
export function phaseNameOf(host: Pick<HostCore, "getSnapshot">): string {
  return hostMachine.stateName(host.getSnapshot().host);
}

/** The network of a way. */
export function networkOf({ networks }: HostStage, { endpoint }: Way): SimulatedNetwork {
  const network = networks.get(endpoint);
  if (network === undefined) throw new Error(`there is no network for ${endpoint}`);
  return network;
}

/** The connections on a way that are not over. */
export function linksOf(stage: HostStage, way: Way): SimulatedNetwork["links"] {
  return networkOf(stage, way).links.filter((link) => !link.isOver);
}

/** Lets time pass, with everything that promises do. */
export async function pass(stage: Pick<HostStage, "clock">, ms: number): Promise<void> {
  await stage.clock.advanceAsync(ms);
}

/** Starts and waits until the host is online. */
export async function goOnline(stage: HostStage): Promise<void> {
  stage.host.start();
  await pass(stage, 1_000);
  if (phaseNameOf(stage.host) !== "online") throw new Error(`not online but ${phaseNameOf(stage.host)}`);
}

/** The events of the host machine that came after `from` records: state, event, state. */
export function linesOf({ logged }: HostStage, from = 0): string[] {
  return logged
    .slice(from)
    .filter(({ machine }) => machine === "host")
    .map(({ from: before, event, to, outcome }) => `${before} ${event} ${to}${outcome === 2 ? " (ignored)" : ""}`);
}

function createNetwork({ clock, server }: DaemonStage, { endpoint, latencyMs = 10 }: Way): SimulatedNetwork {
  const network = new SimulatedNetwork({ clock, random: new SimulatedRandom(1), latencyMs, jitterMs: 0 });
  network.host("daemon").listen(endpoint, (connection) => server.accept(connection));
  return network;
}

function createEcho(): NonNullable<StageOptions["echo"]> {
  return {
    say: ({ text }) => ({ text }),
    look: ({ text }) => ({ text }),
    async *talk(requests) {
      for await (const { text } of requests) yield { text };
    },
  };
}

/** The service that the daemon of a stage serves. */
export const Echo = EchoService;
