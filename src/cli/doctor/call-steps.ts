import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  Health,
  HealthCheckResponse_ServingStatusSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/grpc/health/v1/health_pb.ts";
import { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { closeHttp2 } from "../../node/close-http2.ts";
import { failed, type Outcome, warned, well } from "./outcome.ts";
import type { Target } from "./target.ts";
import type { StepPlan, Visit } from "./visit.ts";

/** The steps of whoever calls without a session. A health check needs no key. */
export const callSteps: readonly StepPlan[] = [
  { step: Step.CONNECT, needs: [Step.DAEMON], lateReason: Reason.CALL_FAILED, run: checkByConnect },
  { step: Step.GRPC, needs: [Step.DAEMON], lateReason: Reason.CALL_FAILED, run: checkByGrpc },
];

function checkByConnect({ target }: Visit, signal: AbortSignal): Promise<Outcome> {
  const { baseUrl } = target as Target;
  return check(createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { agent: false } }), signal, failed);
}

/** Not every daemon has HTTP/2: one that is attached to another server has what that one has. */
async function checkByGrpc({ target }: Visit, signal: AbortSignal): Promise<Outcome> {
  const { baseUrl } = target as Target;
  const sessionManager = new Http2SessionManager(baseUrl);
  const outcome = await check(createGrpcTransport({ baseUrl, sessionManager }), signal, warned);
  closeHttp2(sessionManager, outcome.reason === Reason.CALL_FAILED);
  return outcome;
}

async function check(transport: Transport, signal: AbortSignal, lost: typeof failed): Promise<Outcome> {
  try {
    const { status } = await createClient(Health, transport).check({}, { signal });
    if (status === Status.SERVING) return well("the daemon says that it is serving");
    return failed(
      Reason.NOT_SERVING,
      `the daemon says that it is ${HealthCheckResponse_ServingStatusSchema.value[status]?.name ?? status}`,
    );
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return lost(Reason.CALL_FAILED, `${Code[code]}: ${rawMessage}`);
  }
}
