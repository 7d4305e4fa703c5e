import type { AuthenticateRequest, Authority, ConnectionInfo, Credential } from "./authenticate.ts";
import { type CheckedHello, checkHello, credentialOf, decodeHello, type HandshakeFacts } from "./handshake.ts";
import { hashText } from "./hashes.ts";
import { type JudgementContext, judge } from "./judgement.ts";
import { isRefusal, type Refusal, refuse } from "./refusal.ts";

/** What a hello is compared with and judged by. */
export interface GreetingContext {
  readonly facts: HandshakeFacts;
  readonly judgement: JudgementContext;
}

/** Of a probe, what the hello that promotes it must have too. */
export interface ProbeTraits {
  readonly sessionHash: string;
  readonly credentialHash: string;
}

/** A hello, as it came. */
export interface Greeting {
  /** The hello, encoded. */
  readonly bytes: Uint8Array;
  /** The connection that it came on. */
  readonly connection: ConnectionInfo;
  /** The probe that the connection is. Undefined where no hello was accepted on it. */
  readonly probe: ProbeTraits | undefined;
}

/** What has become of a hello, before anything of the server is looked at. */
export type GreetingOutcome =
  /** `hello` is there where it could be checked. */
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly hello: CheckedHello | undefined }
  /** A rule was broken that is no matter of the hello's content. */
  | { readonly kind: "violation"; readonly message: string }
  | {
      readonly kind: "judged";
      readonly hello: CheckedHello;
      readonly authority: Authority;
      /** What stands for the credential of a probe, to be compared. */
      readonly credentialHash: string;
    };

/**
 * Decodes, checks and judges a hello; keeps none of its secrets.
 * @param done Hears the outcome, once, unless it is cancelled before; at once where everybody answers at once.
 * @returns What cancels it.
 */
export function greet(
  context: GreetingContext,
  greeting: Greeting,
  done: (outcome: GreetingOutcome) => void,
): () => void {
  const decoded = decodeHello(greeting.bytes);
  const checked = isRefusal(decoded) ? decoded : checkHello(decoded, context.facts);
  if (isRefusal(decoded) || isRefusal(checked)) {
    done({ kind: "refused", refusal: isRefusal(decoded) ? decoded : (checked as Refusal), hello: undefined });
    return () => {};
  }
  const credential = credentialOf(decoded);
  const isCompared = greeting.probe !== undefined || checked.purpose.kind === "probe";
  const credentialHash = isCompared ? hashCredential(credential) : "";
  const fault = findPromotionFault(greeting.probe, checked, credentialHash);
  if (fault !== undefined) {
    done(fault);
    return () => {};
  }
  const { sessionRef, path } = checked;
  const request: AuthenticateRequest = { credential, sessionRef, path, connection: greeting.connection };
  return judge(context.judgement, request, (judged) => {
    if (isRefusal(judged)) done({ kind: "refused", refusal: judged, hello: checked });
    else done({ kind: "judged", hello: checked, authority: judged, credentialHash });
  });
}

/** Why a second hello does not promote the probe that the connection is, whoever stands behind it. Spec: PROBE-3, HELLO-10. */
function findPromotionFault(
  probe: ProbeTraits | undefined,
  hello: CheckedHello,
  credentialHash: string,
): GreetingOutcome | undefined {
  if (probe === undefined) return undefined;
  if (hello.purpose.kind === "probe") return { kind: "violation", message: "a second hello that promotes no probe" };
  if (hello.sessionHash === probe.sessionHash && credentialHash === probe.credentialHash) return undefined;
  const refusal = refuse("PROTOCOL_VIOLATION", "the key and credential have to be those of the probe");
  return { kind: "refused", refusal, hello };
}

function hashCredential(credential: Credential | undefined): string {
  return credential === undefined ? "" : hashText(`${credential.kind} ${credential.token}`);
}
