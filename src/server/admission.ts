import { ResumeRefusal, Resumption } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Authority } from "./authenticate.ts";
import type { AttachRequest, CheckedHello, ResumeRequest } from "./handshake.ts";
import { type LostChannels, lossToRefusal } from "./lost-channels.ts";
import { isRefusal, type Refusal, refuse } from "./refusal.ts";
import { type Boarding, type Carrier, nameOf, type ServerChannel } from "./server-channel.ts";
import { countOne, type ServerContext } from "./server-context.ts";
import type { Session } from "./session.ts";
import type { SessionRegistry } from "./session-registry.ts";

/** A hello was accepted: the channel is on the connection. */
export interface Admission {
  readonly channel: ServerChannel;
  /** How the channel came to be attached. */
  readonly resumption: Resumption;
  /** Why the channel that the client has was not resumed. */
  readonly refusal: ResumeRefusal | undefined;
}

/** What an admission works on. */
export interface AdmissionOptions {
  readonly context: ServerContext;
  readonly registry: SessionRegistry;
  /** Refuses hellos while there is too much load, or the server is being stopped. @param named The channel that the hello names, where it is known. */
  readonly barrier: (named: ServerChannel | undefined) => Refusal | undefined;
}

/** A session hello that was judged. */
export interface AdmissionRequest {
  readonly hello: CheckedHello;
  readonly attach: AttachRequest;
  readonly authority: Authority;
  /** The connection that it came on. */
  readonly carrier: Carrier;
}

/** What becomes of a hello, as long as nothing is changed. */
type Plan =
  | { readonly kind: "resume"; readonly channel: ServerChannel }
  | ({ readonly kind: "reattach"; readonly channel: ServerChannel } & Consequences)
  | ({ readonly kind: "create" } & Consequences);

/** What a hello changes beside its own channel. */
interface Consequences {
  readonly refusal: ResumeRefusal | undefined;
  /** The channel whose resume is refused. */
  readonly disagreed: ServerChannel | undefined;
}

/**
 * Decides a session hello and does what follows, all in one step: expiry, load, owner, attempt, resume, attach, and the end
 * of the channel's older connection. Where the hello is refused, every channel stays as it was. Spec: ATTEMPT-5, RESUME, HELLO-9.
 */
export function admit(options: AdmissionOptions, request: AdmissionRequest): Admission | Refusal {
  const { context, registry } = options;
  const { hello, attach, authority } = request;
  const session = registry.find(hello.sessionHash);
  const refusal = options.barrier(session && findNamed(session, attach));
  if (refusal !== undefined) return refusal;
  if (session === undefined) return admitNew(context, registry, request);
  if (session.principal !== authority.principal)
    return refuse("PERMISSION_DENIED", "this session belongs to another principal");
  const plan = planAttach(context, session, attach);
  if (isRefusal(plan)) return plan;
  return carryOut(context, session, plan, request);
}

function admitNew(context: ServerContext, registry: SessionRegistry, request: AdmissionRequest): Admission | Refusal {
  const { attach, hello, authority } = request;
  const { principal } = authority;
  const before = registry.lostBefore(hello.sessionHash);
  const lostRefusal = before && refuseLost(before, attach, context.clock.now());
  if (lostRefusal !== undefined) return lostRefusal;
  const session = registry.create(hello, principal);
  if (session === undefined) {
    const { maxSessions } = context.limits.session;
    return refuse("TOO_MANY_SESSIONS", `${principal} has ${maxSessions} sessions, none of them idle`);
  }
  const refusal = attach.resume && refusalOf(context, before, attach.resume, undefined);
  const channel = session.createChannel(attach, boardingOf(request, 0));
  return admitted(context, session, { channel, resumption: Resumption.NEW_SESSION, refusal });
}

/** The channel that a hello means, whether it gets it or not. */
function findNamed({ channels }: Session, { resume, fresh }: AttachRequest): ServerChannel | undefined {
  return (resume && channels.get(resume.key)) ?? channels.get(fresh.key);
}

function planAttach(context: ServerContext, session: Session, attach: AttachRequest): Plan | Refusal {
  const held = attach.resume && session.channels.get(attach.resume.key);
  if (held !== undefined && attach.attempt <= held.attempt) return stale(attach.attempt, held);
  const refusal = attach.resume && refusalOf(context, session.lost, attach.resume, held);
  if (held !== undefined && refusal === undefined) return { kind: "resume", channel: held };
  const consequences = { refusal, disagreed: held };
  const known = session.channels.get(attach.fresh.key);
  if (known !== undefined && known !== held) {
    if (attach.attempt <= known.attempt || known.channel.acknowledged > 0) return stale(attach.attempt, known);
    return { kind: "reattach", channel: known, ...consequences };
  }
  return planCreation(context, session, attach, consequences);
}

function planCreation(
  { clock, limits }: ServerContext,
  session: Session,
  attach: AttachRequest,
  consequences: Consequences,
): Plan | Refusal {
  const { disagreed } = consequences;
  if (disagreed?.key === attach.fresh.key) return refuseRevival();
  const lostRefusal = refuseLost(session.lost, attach, clock.now());
  if (lostRefusal !== undefined) return lostRefusal;
  const { maxChannels } = limits.session;
  const count = session.channels.size - (disagreed === undefined ? 0 : 1);
  if (count >= maxChannels && findLongestDetached(session) === undefined) {
    return refuse("TOO_MANY_CHANNELS", `this session has ${maxChannels} channels, all of them attached`);
  }
  return { kind: "create", ...consequences };
}

/** Why no channel is created, in view of those that were lost. Undefined where one may be. Spec: RESUME-9. */
function refuseLost(lost: LostChannels, { fresh }: AttachRequest, nowMs: number): Refusal | undefined {
  if (lost.reasonOf(fresh.key) !== undefined) return refuseRevival();
  if (!lost.isFull(nowMs)) return undefined;
  return refuse("RATE_LIMITED", "too many channels of this session were lost in too short a time");
}

function refuseRevival(): Refusal {
  return refuse("ATTEMPT_STALE", "the fresh channel id is that of a lost channel; take a new one");
}

/** Nothing can be sent again from frame 1 on where the client has acknowledged frames: that is no lost Welcome. */
function stale(attempt: number, channel: ServerChannel): Refusal {
  return refuse("ATTEMPT_STALE", `attempt ${attempt} came after attempt ${channel.attempt} of this channel`);
}

/** Why a channel cannot be resumed. Undefined where it can. */
function refusalOf(
  context: ServerContext,
  lost: LostChannels | undefined,
  resume: ResumeRequest,
  held: ServerChannel | undefined,
): ResumeRefusal | undefined {
  if (resume.epoch !== context.epoch) return ResumeRefusal.EPOCH_CHANGED;
  if (held === undefined) {
    const reason = lost?.reasonOf(resume.key);
    return reason === undefined ? ResumeRefusal.CHANNEL_UNKNOWN : lossToRefusal(reason);
  }
  return resume.received > held.channel.sent ? ResumeRefusal.POSITION_AHEAD : undefined;
}

function carryOut(context: ServerContext, session: Session, plan: Plan, request: AdmissionRequest): Admission {
  const { attach } = request;
  const { attempt, resume } = attach;
  if (plan.kind === "resume") {
    session.resumeChannel(plan.channel, attempt, boardingOf(request, resume?.received ?? 0));
    return admitted(context, session, { channel: plan.channel, resumption: Resumption.RESUMED, refusal: undefined });
  }
  const { refusal, disagreed } = plan;
  let channel: ServerChannel;
  if (plan.kind === "reattach") {
    channel = plan.channel;
    session.resumeChannel(channel, attempt, boardingOf(request, 0));
    disagreed?.disagree();
  } else {
    disagreed?.disagree();
    if (session.channels.size >= context.limits.session.maxChannels) findLongestDetached(session)?.evict();
    channel = session.createChannel(attach, boardingOf(request, 0));
  }
  return admitted(context, session, { channel, resumption: Resumption.REATTACHED, refusal });
}

function boardingOf({ carrier, authority }: AdmissionRequest, received: number): Boarding {
  return { carrier, credentialId: authority.credentialId, received };
}

function findLongestDetached({ channels }: Session): ServerChannel | undefined {
  let longest: ServerChannel | undefined;
  for (const channel of channels.values()) {
    const { deadlineAtMs } = channel;
    if (deadlineAtMs !== undefined && deadlineAtMs < (longest?.deadlineAtMs ?? Number.POSITIVE_INFINITY))
      longest = channel;
  }
  return longest;
}

function admitted({ reporter, counters }: ServerContext, session: Session, admission: Admission): Admission {
  const { channel, resumption, refusal } = admission;
  const facts = { session: nameOf(session), channelId: channel.key };
  if (resumption === Resumption.RESUMED) {
    counters.resumed += 1;
    reporter.event({ kind: "resumed", ...facts });
  } else {
    counters.attached += 1;
    if (refusal !== undefined) countOne(counters.refusedResumes, refusal);
    const isNewSession = resumption === Resumption.NEW_SESSION;
    reporter.event({ kind: "attached", ...facts, isNewSession, refusal });
  }
  return admission;
}
