import { create, toJsonString } from "@bufbuild/protobuf";
import { ProbeStateSchema } from "../../../../gen/moorline/machine/v1/probe_pb.ts";
import type { Transition } from "../../../../gen/moorline/state/v1/transition_pb.ts";
import { createProbe, type Probe } from "../../../../src/client/probe.ts";
import type { ProbeOptions } from "../../../../src/client/probe-options.ts";
import type { Clock } from "../../../../src/core/clock.ts";
import { SimulatedNetwork } from "../../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import type { Transport } from "../../../../src/transport/connection.ts";
import { type DaemonStage, type StageOptions, stageDaemon } from "../../server/support/daemon.ts";
import { SESSION_KEY, steadyRandom } from "./stage.ts";

/** Where the daemon of these stages is. */
export const ENDPOINT = "ws://127.0.0.1:7420/";
/** One way on the network of these stages, in milliseconds. */
export const LATENCY_MS = 40;

/** A probe and what it has said. */
export interface ProbeStage {
  readonly probe: Probe;
  readonly transitions: Transition[];
  readonly errors: unknown[];
  /** Every state that was published, as text. */
  readonly snapshots: string[];
}

/** Makes a probe. */
export function probeAt(
  { clock, transport }: { readonly clock: Clock; readonly transport: Transport },
  options: Partial<ProbeOptions> = {},
): ProbeStage {
  const transitions: Transition[] = [];
  const errors: unknown[] = [];
  const probe = createProbe({
    endpoint: ENDPOINT,
    sessionKey: SESSION_KEY,
    client: { name: "test", version: "1.0.0" },
    transport,
    clock,
    random: steadyRandom,
    onTransition: (transition) => transitions.push(transition),
    onError: (error) => errors.push(error),
    ...options,
  });
  const snapshots: string[] = [];
  probe.subscribe((state) => snapshots.push(toJsonString(ProbeStateSchema, create(ProbeStateSchema, state))));
  return { probe, transitions, errors, snapshots };
}

/** A real daemon on a network on which everything takes {@link LATENCY_MS}, and what dials it. */
export interface NetworkStage extends DaemonStage {
  readonly network: SimulatedNetwork;
  readonly transport: Transport;
}

/** Sets the stage. */
export function stageNetwork(options: StageOptions = {}): NetworkStage {
  const stage = stageDaemon(options);
  const { clock, server } = stage;
  const network = new SimulatedNetwork({ clock, random: new SimulatedRandom(1), latencyMs: LATENCY_MS, jitterMs: 0 });
  network.host("daemon").listen(ENDPOINT, (connection) => server.accept(connection));
  return { ...stage, network, transport: network.host("client").transport };
}

/** The state of a probe, by name. */
export function placeOf({ probe }: Pick<ProbeStage, "probe">): string {
  return probe.state.state.case ?? "?";
}
