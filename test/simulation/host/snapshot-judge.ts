import type { Race } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { HostSnapshot } from "../../../src/runtime/host-runtime.ts";
import { isOnline, memoryOf } from "../../../src/runtime/selectors.ts";
import type { Judge } from "../session/judge.ts";

const MAX_PROBES = 8;

/** How many probes a state names. */
function probingOf(state: HostSnapshot["host"]["state"]): number {
  const raceOf = (): Race | undefined => {
    if (state.case === "connectingActive") return state.value.race;
    if (state.case !== "selecting" && state.case !== "interrupted" && state.case !== "degraded") return undefined;
    return state.value.effort.case === "race" ? state.value.effort.value : undefined;
  };
  if (state.case === "online") return state.value.measurements.length;
  return raceOf()?.contenders.filter(({ stage }) => stage.case === "probing").length ?? 0;
}

/** What an app sees of one runtime: snapshots that agree with themselves, and are told of once each. */
export class SnapshotJudge {
  private readonly judge: Judge;
  private readonly name: string;
  private before: HostSnapshot;

  constructor(judge: Judge, name: string, first: HostSnapshot) {
    this.judge = judge;
    this.name = name;
    this.before = first;
  }

  /** A listener was told. */
  told(snapshot: HostSnapshot): void {
    const { judge, name, before } = this;
    this.before = snapshot;
    judge.claim(snapshot !== before, () => `${name} tells of a snapshot that is the same as before`);
    const [was, is] = [before.host.state, snapshot.host.state];
    judge.claim(was.case !== "stopped" || is.case === "stopped", () => `${name} was stopped, and is ${is.case}`);
    const [past, present] = [memoryOf({ host: before.host }), memoryOf({ host: snapshot.host })];
    if (past !== undefined && present !== undefined) {
      judge.claim(present.lastGeneration >= past.lastGeneration, () => `${name} falls back by a generation`);
      judge.claim(present.lastNumber >= past.lastNumber, () => `${name} gives a number twice`);
    }
    if (was.case === "online" && is.case === "online" && was.value.connection !== is.value.connection) {
      judge.claim(
        is.value.generation === was.value.generation + 1,
        () => `${name} switches without another generation`,
      );
    }
    this.look(snapshot);
  }

  /** memory bounded: there are no other connections than the state names. Looked at when nothing is under way. */
  rest({ host, probes }: HostSnapshot): void {
    const count = probingOf(host.state);
    this.judge.claim(probes.length === count, () => {
      return `memory bounded: ${this.name} has ${probes.length} probes, and its state ${host.state.case} names ${count}`;
    });
  }

  /** superseded is no failure: it never ends in an error. */
  private judgeLoss({ host: { state } }: HostSnapshot): void {
    const isSuperseded = state.case === "error" && state.value.loss?.code === CloseCode.SUPERSEDED;
    this.judge.claim(!isSuperseded, () => `superseded is no failure: ${this.name} has given up for it`);
  }

  /** What has to be true of every snapshot. */
  look(snapshot: HostSnapshot): void {
    const { judge, name } = this;
    const { state } = snapshot.host;
    // what is derived agrees with what it is derived from.
    const isThere = state.case === "online" || state.case === "interrupted";
    judge.claim(isOnline(snapshot) === isThere, () => `derived: isOnline says ${isOnline(snapshot)} in ${state.case}`);
    judge.claim(
      snapshot.probes.length <= MAX_PROBES,
      () => `memory bounded: ${name} has ${snapshot.probes.length} probes`,
    );
    this.judgeLoss(snapshot);
    if (state.case !== "online" || state.value.switch?.present.case === "superseded") return;
    const connection = snapshot.connection?.state.case;
    const isGone = connection === undefined || connection === "connecting" || connection === "idle";
    judge.claim(!isGone, () => `make before break: ${name} is online, and its connection is ${connection}`);
  }
}
