import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { verdictRanges } from "../../../gen/moorline/session/v1/close_code_moorline.ts";
import { type ClientHelloSchema, Path, Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { createWsTransport } from "../../transport/ws-client.ts";
import { channelLimits } from "../../wire/limits.ts";
import { protocolRange } from "../../wire/protocol.ts";
import type { SessionKey } from "../../wire/session-key.ts";
import { cliProgram } from "../connect.ts";
import { failed, type Outcome, refused, well } from "./outcome.ts";
import { type Heard, Probe } from "./probe.ts";
import type { Target } from "./target.ts";
import type { StepPlan, Visit } from "./visit.ts";

/** The steps on a connection of the protocol. They touch no session. */
export const sessionSteps: readonly StepPlan[] = [
  {
    step: Step.HELLO,
    needs: [Step.WEB_SOCKET, Step.SESSION_KEY, Step.TOKEN],
    lateReason: Reason.NO_ANSWER,
    run: greet,
  },
  { step: Step.PING, needs: [Step.HELLO], lateReason: Reason.LARGE_PACKETS_LOST, run: ping },
];

const PINGS = 5;

async function greet(visit: Visit, signal: AbortSignal): Promise<Outcome> {
  const probe = new Probe(createWsTransport(), (visit.target as Target).url, createHello(visit));
  signal.addEventListener("abort", () => probe.abort());
  const heard = await probe.next();
  if (heard.kind === "answer" && heard.answer.case === "welcome") {
    visit.probe = probe;
    const { name = "", version = "" } = heard.answer.value.server ?? {};
    return well(`welcomed by ${name} ${version} as a probe, protocol revision ${heard.answer.value.protocol}`);
  }
  probe.abort();
  return judge(heard);
}

function createHello({ input, sessionKey, token }: Visit): MessageInitShape<typeof ClientHelloSchema> {
  return {
    protocol: protocolRange,
    sessionKey: sessionKey as SessionKey,
    purpose: Purpose.PROBE,
    client: { ...cliProgram, instanceId: randomUUID() },
    expectedServerId: input.serverId ?? "",
    path: Path.DIRECT,
    ...(token === undefined ? {} : { credential: { case: "bearerToken", value: token } }),
  };
}

/** Five round trips, one after the other, each with all the padding that there may be: some paths lose large packets only. */
async function ping({ probe }: Visit): Promise<Outcome> {
  const padding = new Uint8Array(channelLimits.maxPingPaddingBytes);
  const roundTripsMs: number[] = [];
  for (let id = 1; id <= PINGS; id += 1) {
    const sentAtMs = performance.now();
    probe?.ping(id, padding);
    const heard = await probe?.next();
    if (heard?.kind !== "pong") return judge(heard);
    if (heard.pong.padding.length !== padding.length)
      return failed(Reason.CONNECTION_BROKEN, "a pong lost its padding");
    roundTripsMs.push(performance.now() - sentAtMs);
  }
  const medianMs = roundTripsMs.sort((a, b) => a - b)[Math.floor(PINGS / 2)] ?? 0;
  return well(`${PINGS} round trips with ${padding.length / 1024} KiB, median ${medianMs.toFixed(1)} ms`);
}

/** What it means that something else came than should have come. */
function judge(heard: Heard | undefined): Outcome {
  switch (heard?.kind) {
    case "answer": {
      const { answer } = heard;
      if (answer.case === "rejection") return refused(Reason.REJECTED, answer.value.code, answer.value.message);
      return failed(Reason.CONNECTION_BROKEN, "the daemon gave an answer that this version does not know");
    }
    case "left":
      return refused(Reason.REJECTED, heard.code, heard.message);
    case "closed": {
      const { code, reason } = heard.close;
      const hasVerdict = verdictRanges.some(({ first, last }) => code >= first && code <= last);
      if (hasVerdict) return refused(Reason.REJECTED, code, reason);
      return failed(Reason.CONNECTION_BROKEN, `the connection was closed with ${code}${reason && `: ${reason}`}`);
    }
    case "broken":
      return failed(Reason.CONNECTION_BROKEN, heard.message);
    default:
      return failed(Reason.CONNECTION_BROKEN, "a pong came that nobody asked for");
  }
}
