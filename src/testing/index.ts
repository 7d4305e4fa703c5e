/** The door of what tests of Moorline, and of programs that use it, are made of. Never imported by production code. */
export { createMemoryPair, type MemoryPair } from "../transport/memory.ts";
export { ConnectionRecorder } from "./connection-recorder.ts";
export type { TestFunctions } from "./declare-tests.ts";
export { type Fault, type FaultScene, type FaultScheduleOptions, faults, startFaults } from "./fault-schedule.ts";
export type { HostClock } from "./host-clock.ts";
export { describeHostRegistry, type RegistryTestPlace, type RegistryText } from "./host-registry-compliance.ts";
export { describeMirrorStorage, type MirrorPlace } from "./mirror-storage-compliance.ts";
export { SimulatedClock, type SimulatedClockOptions } from "./simulated-clock.ts";
export type { SimulatedHost } from "./simulated-host.ts";
export type { CutOptions, Direction, NetworkMessage, SimulatedLink } from "./simulated-link.ts";
export { type MessageHook, SimulatedNetwork, type SimulatedNetworkOptions } from "./simulated-network.ts";
export { SimulatedRandom } from "./simulated-random.ts";
export {
  createTracePlayer,
  type Trace,
  type TraceMismatch,
  type TracePlayer,
  type TraceStep,
  type TraceSubject,
} from "./trace.ts";
export { tracePlayerOf, tracePlayers } from "./trace-players.ts";
export {
  describeTransport,
  type SilentPeer,
  type TransportHarness,
} from "./transport-compliance.ts";
