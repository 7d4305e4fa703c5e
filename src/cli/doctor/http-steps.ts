import { randomBytes } from "node:crypto";
import { fromJsonString } from "@bufbuild/protobuf";
import { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import {
  type DescribeResponse,
  DescribeResponseSchema,
  SessionService,
} from "../../../gen/moorline/session/v1/service_pb.ts";
import { SUBPROTOCOL } from "../../transport/limits.ts";
import { negotiateProtocol, protocolRange } from "../../wire/protocol.ts";
import { serverIdOf } from "../../wire/server-id.ts";
import { askHttp, type HttpAnswer, NoHttpError } from "./ask-http.ts";
import { failed, type Outcome, refused, well } from "./outcome.ts";
import type { Target } from "./target.ts";
import type { StepPlan, Visit } from "./visit.ts";

/** The steps from a socket to a daemon that takes WebSockets. */
export const httpSteps: readonly StepPlan[] = [
  { step: Step.HTTP, needs: [Step.TLS], lateReason: Reason.NO_ANSWER, run: askWho },
  { step: Step.DAEMON, needs: [Step.HTTP], lateReason: Reason.NO_ANSWER, run: readDescription },
  // Not the daemon: a proxy may pass upgrades on and nothing else.
  { step: Step.WEB_SOCKET, needs: [Step.HTTP], lateReason: Reason.NO_ANSWER, run: upgrade },
];

const REFUSED_STATUS: ReadonlySet<number> = new Set([401, 403, 407, 429]);
const GATEWAY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);
const MAX_SHOWN = 160;

async function askWho(visit: Visit, signal: AbortSignal): Promise<Outcome> {
  const target = visit.target as Target;
  const { parent, name } = SessionService.method.describe;
  const path = `${target.path.replace(/\/+$/, "")}/${parent.typeName}/${name}`;
  const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
  return explained(async () => {
    const answer = await askHttp(target, { method: "POST", path, headers, body: "{}" }, signal);
    visit.answer = answer;
    return well(`answered with status ${answer.status}`);
  });
}

function readDescription(visit: Visit): Outcome {
  const answer = visit.answer as HttpAnswer;
  const description = answer.status === 200 ? parseDescription(answer.body) : undefined;
  if (description === undefined) return judgeStatus(answer, Reason.NOT_MOORLINE);
  visit.description = description;
  return judgeDescription(description, visit.input.serverId);
}

function judgeDescription(
  { server, identityKey, protocol }: DescribeResponse,
  expectedId: string | undefined,
): Outcome {
  const { name = "", version = "", serverId = "" } = server ?? {};
  if (serverIdOf(identityKey) !== serverId) {
    return failed(Reason.IDENTITY_FALSE, `${name} calls itself ${serverId}, with an identity key of another server id`);
  }
  if (expectedId !== undefined && expectedId !== serverId) {
    return refused(Reason.WRONG_SERVER, CloseCode.WRONG_SERVER, `this is ${serverId}, and ${expectedId} is meant`);
  }
  const { min, max } = protocol ?? { min: 0, max: 0 };
  if (negotiateProtocol(protocolRange, { min, max }) === undefined) {
    const text = `it speaks the revisions ${min} to ${max}, this program ${protocolRange.min} to ${protocolRange.max}`;
    return refused(Reason.PROTOCOL_UNSUPPORTED, CloseCode.PROTOCOL_UNSUPPORTED, text);
  }
  return well(`${name} ${version}, server id ${serverId}, protocol revisions ${min} to ${max}`);
}

/** Undefined where it is no description of a daemon. */
function parseDescription(body: string): DescribeResponse | undefined {
  try {
    const description = fromJsonString(DescribeResponseSchema, body, { ignoreUnknownFields: true });
    serverIdOf(description.identityKey);
    return description;
  } catch {
    return undefined;
  }
}

async function upgrade(visit: Visit, signal: AbortSignal): Promise<Outcome> {
  const target = visit.target as Target;
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    "sec-websocket-protocol": SUBPROTOCOL,
  };
  return explained(async () => {
    const answer = await askHttp(target, { method: "GET", path: target.path, headers }, signal);
    if (answer.status !== 101) return judgeStatus(answer, Reason.UPGRADE_REFUSED);
    const subprotocol = answer.headers["sec-websocket-protocol"];
    if (subprotocol === SUBPROTOCOL) return well(`upgraded, with the subprotocol ${SUBPROTOCOL}`);
    return failed(Reason.NOT_MOORLINE, `upgraded, with the subprotocol ${subprotocol ?? "none"}`);
  });
}

function judgeStatus({ status, headers, body }: HttpAnswer, otherwise: Reason): Outcome {
  const where = headers.location === undefined ? "" : `, to ${headers.location}`;
  const [line = ""] = body.trim().split("\n");
  const message = `answered with status ${status}${where}${line === "" ? "" : `: ${line.slice(0, MAX_SHOWN)}`}`;
  if (REFUSED_STATUS.has(status)) return failed(Reason.REQUEST_REFUSED, message);
  return failed(GATEWAY_STATUS.has(status) ? Reason.GATEWAY_FAILED : otherwise, message);
}

/** What it means that the answer was no HTTP. */
async function explained(ask: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NoHttpError)) throw error;
    const { said, cause } = error;
    if (said !== "") return failed(Reason.NOT_HTTP, `answered: ${said.trim()}`);
    return failed(Reason.CLOSED_WITHOUT_ANSWER, cause instanceof Error ? cause.message : "the connection was closed");
  }
}
