import type { Call } from "../../../src/channel/call.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import type { Queue } from "../../../src/core/queue.ts";
import type { LocalChannelLimits } from "../../../src/wire/limits.ts";
import { Broken } from "../world.ts";
import type { CallRecord } from "./ledger.ts";

/** What an audit reads of the halves of a call, and nobody else may. */
interface CallInside extends Call {
  readonly outgoing: { readonly credit: number };
  readonly incoming: {
    readonly allowance: number;
    readonly owed: number;
    readonly windowBytes: number;
    readonly queue: Queue<{ readonly refund: number }>;
    readonly unfinished: { readonly cost: number; readonly prepaid: number } | undefined;
  };
}

/** What an audit reads of a channel, and nobody else may. */
interface ChannelInside {
  readonly calls: ReadonlySet<CallInside>;
  readonly outbox: { readonly heldBytes: number };
}

/** The credit that a call of the channel starts with, towards this end. */
export type WindowOf = (call: Call) => number;

/** Fails where a channel holds more than its limits allow, or credit of a call has vanished or come from nothing. */
export function auditChannel(channel: Channel, limits: LocalChannelLimits, windowOf: WindowOf): void {
  const { calls, outbox } = channel as unknown as ChannelInside;
  if (outbox.heldBytes > limits.maxOutboxBytes) throw new Broken(`an outbox holds ${outbox.heldBytes} bytes`);
  let prepaid = 0;
  let grown = 0;
  for (const call of calls) {
    if (call.isClosed) continue;
    const { allowance, owed, queue, unfinished } = call.incoming;
    const window = windowToday(call, limits, windowOf(call));
    grown += window - windowOf(call);
    if ((unfinished?.prepaid ?? 0) > 0) prepaid += 1;
    let unread = unfinished === undefined ? 0 : unfinished.cost - unfinished.prepaid;
    for (let i = 0; i < queue.length; i += 1) unread += queue.at(i)?.refund ?? 0;
    const credit = `${allowance} bytes given, ${owed} owed, ${unread} unread`;
    if (allowance + owed + unread !== window) throw new Broken(`${credit} are not ${window}`);
    // Within a window, but for one frame and for what was paid back early.
    const most = window + limits.maxFrameBytes + limits.messageOverheadBytes;
    if (unread > most) throw new Broken(`more is unread than a window: ${credit}`);
  }
  if (grown > limits.maxCreditGrowthBytes) throw new Broken(`the windows have grown by ${grown} bytes`);
  if (prepaid > 1) throw new Broken(`${prepaid} unfinished messages are paid back at once`);
}

/** What the window of a call has grown to. It never shrinks, and grows up to a limit. */
function windowToday({ incoming }: CallInside, { maxCreditBytes }: LocalChannelLimits, first: number): number {
  const { windowBytes } = incoming;
  if (windowBytes < first || windowBytes > Math.max(first, maxCreditBytes)) {
    throw new Broken(`a window of ${first} bytes has become one of ${windowBytes}`);
  }
  return windowBytes;
}

/** Fails where credit of a call was lost, or made from nothing. Only while nothing is under way and everything is read. */
export function auditCredit(
  record: CallRecord,
  callerLimits: LocalChannelLimits,
  calleeLimits: LocalChannelLimits,
): void {
  const { plan, callerCall, calleeCall } = record;
  const [caller, callee] = [callerCall as CallInside, calleeCall as CallInside];
  const requests = windowToday(callee, calleeLimits, calleeLimits.initialCreditBytes);
  const replies = windowToday(caller, callerLimits, callerLimits.initialCreditBytes + plan.credit);
  auditHalf(`call ${plan.no}, requests`, caller, callee, requests);
  auditHalf(`call ${plan.no}, replies`, callee, caller, replies);
}

function auditHalf(name: string, sender: CallInside, receiver: CallInside, window: number): void {
  const { credit } = sender.outgoing;
  const { allowance, owed } = receiver.incoming;
  if (credit !== allowance)
    throw new Broken(`${name}: the sender has ${credit} bytes of credit, the receiver gave ${allowance}`);
  if (allowance + owed !== window) throw new Broken(`${name}: ${allowance} given and ${owed} owed are not ${window}`);
}
