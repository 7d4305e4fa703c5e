import { PathSchema } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { HostPhase, HostPhaseSchema } from "../../../gen/moorline/state/v1/phase_pb.ts";
import {
  type HostErrorReason,
  HostErrorReasonSchema,
  HostFailureReasonSchema,
} from "../../../gen/moorline/state/v1/reason_pb.ts";
import { MoorlineError, serverOf } from "../../client/index.ts";
import {
  activePathOf,
  generationOf,
  type HostProblem,
  type HostSnapshot,
  hostFailureOf,
  hostPhaseOf,
  isOnItsWay,
  isOnline,
} from "../../runtime/index.ts";
import type { HostStatus, Problem, Standing } from "../model/console-model.ts";
import { nameOf } from "../model/names.ts";

/** What is shown of a host. */
export function statusOf(snapshot: HostSnapshot): HostStatus {
  const server = snapshot.connection === undefined ? undefined : serverOf(snapshot.connection);
  const path = activePathOf(snapshot);
  const problem = hostFailureOf(snapshot);
  return {
    standing: standingOf(snapshot),
    phase: nameOf(HostPhaseSchema, hostPhaseOf(snapshot)),
    program: server === undefined ? "" : `${server.name} ${server.version}`,
    path: path === undefined ? "" : nameOf(PathSchema, path),
    generation: generationOf(snapshot),
    sessionRef: snapshot.sessionRef,
    ...(problem === undefined ? {} : { problem: toProblem(problem) }),
  };
}

function standingOf(snapshot: HostSnapshot): Standing {
  if (isOnline(snapshot)) return "online";
  if (isOnItsWay(snapshot)) return "working";
  const phase = hostPhaseOf(snapshot);
  return phase === HostPhase.ERROR || phase === HostPhase.FAILED ? "failed" : "idle";
}

function toProblem(problem: HostProblem): Problem {
  if (problem.kind === "failed") {
    const { reason, message, action } = problem.failure;
    return { code: codeOf(nameOf(HostFailureReasonSchema, reason)), text: message, action };
  }
  const { reason, loss } = problem;
  return offlineProblemOf(reason, loss?.code ?? 0, loss?.message ?? "");
}

/** Why a host is in error. @param closeCode What its daemon has refused it with, or 0. */
export function offlineProblemOf(reason: HostErrorReason, closeCode: number, message: string): Problem {
  if (closeCode === 0) {
    const action = "See that the daemon runs, and that it allows this page.";
    return { code: codeOf(nameOf(HostErrorReasonSchema, reason)), text: message, action };
  }
  const { code, text, action } = MoorlineError.fromCloseCode(closeCode, message);
  return { code, text, action };
}

function codeOf(name: string): string {
  return name.toUpperCase().replaceAll(" ", "_");
}
