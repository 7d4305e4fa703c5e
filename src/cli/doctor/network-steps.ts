import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { failed, type Outcome, skipped, well } from "./outcome.ts";
import type { Target } from "./target.ts";
import type { StepPlan, Visit } from "./visit.ts";

/** The steps from a name to a socket. */
export const networkSteps: readonly StepPlan[] = [
  { step: Step.NAME, needs: [Step.ENDPOINT], lateReason: Reason.NAME_SERVICE_FAILED, run: lookUp },
  { step: Step.TCP, needs: [Step.NAME], lateReason: Reason.CONNECT_TIMED_OUT, run: dialTcp },
  { step: Step.TLS, needs: [Step.TCP], lateReason: Reason.NO_ANSWER, run: dialTls },
];

/** What codes of the system, and of TLS, mean. */
const NAME_REASONS: Readonly<Record<string, Reason>> = {
  EAI_AGAIN: Reason.NAME_SERVICE_FAILED,
  EAI_FAIL: Reason.NAME_SERVICE_FAILED,
};
const TCP_REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: Reason.PORT_CLOSED,
  EHOSTUNREACH: Reason.HOST_UNREACHABLE,
  ENETUNREACH: Reason.HOST_UNREACHABLE,
  EADDRNOTAVAIL: Reason.HOST_UNREACHABLE,
  ETIMEDOUT: Reason.CONNECT_TIMED_OUT,
};
const TLS_REASONS: Readonly<Record<string, Reason>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: Reason.CERTIFICATE_UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: Reason.CERTIFICATE_UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: Reason.CERTIFICATE_UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: Reason.CERTIFICATE_UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: Reason.CERTIFICATE_UNTRUSTED,
  CERT_UNTRUSTED: Reason.CERTIFICATE_UNTRUSTED,
  CERT_HAS_EXPIRED: Reason.CERTIFICATE_EXPIRED,
  CERT_NOT_YET_VALID: Reason.CERTIFICATE_EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: Reason.CERTIFICATE_WRONG_NAME,
  ERR_SSL_WRONG_VERSION_NUMBER: Reason.TLS_MISSING,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: Reason.TLS_MISSING,
  ECONNRESET: Reason.CLOSED_WITHOUT_ANSWER,
};

async function lookUp({ target }: Visit): Promise<Outcome> {
  const { host } = target as Target;
  if (isIP(host) !== 0) return well(`${host} is an address`);
  try {
    const addresses = await lookup(host, { all: true });
    return well(`${host} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    return failedWith(error, NAME_REASONS, Reason.NAME_UNKNOWN);
  }
}

async function dialTcp({ target }: Visit, signal: AbortSignal): Promise<Outcome> {
  const { host, port } = target as Target;
  try {
    return await opened(connectTcp({ host, port }), "connect", signal, ({ remoteAddress, remotePort }) =>
      well(`connected to ${remoteAddress}, port ${remotePort}`),
    );
  } catch (error) {
    return failedWith(error, TCP_REASONS, Reason.CONNECT_FAILED);
  }
}

async function dialTls({ target }: Visit, signal: AbortSignal): Promise<Outcome> {
  const { host, port, isTls } = target as Target;
  if (!isTls) return skipped("ws:// has no TLS");
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, ...servername, ALPNProtocols: ["h2", "http/1.1"] });
  try {
    return await opened(socket, "secureConnect", signal, () => well(describeTls(socket)));
  } catch (error) {
    return failedWith(error, TLS_REASONS, Reason.TLS_FAILED);
  }
}

function describeTls(socket: TLSSocket): string {
  const { subject, valid_to } = socket.getPeerCertificate();
  return `${socket.getProtocol()}, certificate of ${subject?.CN ?? "nobody"}, valid to ${valid_to}`;
}

/** Waits until a socket is open, looks at it, and lets it go. */
function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
  look: (socket: Socket) => Outcome,
): Promise<Outcome> {
  return new Promise<Outcome>((resolve, reject) => {
    signal.addEventListener("abort", () => socket.destroy());
    socket.on("error", reject);
    socket.on("close", () => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" })));
    socket.once(event, () => resolve(look(socket)));
  }).finally(() => socket.destroy());
}

function failedWith(error: unknown, reasons: Readonly<Record<string, Reason>>, otherwise: Reason): Outcome {
  const { code = "", message } = firstOf(error);
  return failed(reasons[code] ?? otherwise, message);
}

/** Of several addresses that were tried, the first tells. */
function firstOf(error: unknown): NodeJS.ErrnoException {
  return error instanceof AggregateError
    ? (error.errors[0] as NodeJS.ErrnoException)
    : (error as NodeJS.ErrnoException);
}
