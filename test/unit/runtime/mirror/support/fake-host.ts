import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../../../gen/moorline/session/v1/error_pb.ts";
import { type Transition, TransitionOutcome } from "../../../../../gen/moorline/state/v1/transition_pb.ts";
import type { MirrorHost, MirrorPeer } from "../../../../../src/runtime/mirror/mirror-host.ts";
import type { MirrorStorage } from "../../../../../src/runtime/storage/mirror-storage.ts";
import { SimulatedClock, SimulatedRandom } from "../../../../../src/testing/index.ts";
import type { MoorlineError } from "../../../../../src/wire/moorline-error.ts";

/** The channel that carried a call is gone. */
export function channelLost(): ConnectError {
  const value = { reason: ChannelLossReason.EPOCH_CHANGED, outcome: CallOutcome.UNKNOWN };
  return new ConnectError("the channel is lost", Code.Unavailable, undefined, [{ desc: ChannelLostSchema, value }]);
}

/** How a call ends whose signal is aborted. */
export function cancelled(): ConnectError {
  return new ConnectError("this operation was aborted", Code.Canceled);
}

/** The owner of mirrors in a test, on simulated time. */
export class FakeHost implements MirrorHost {
  readonly clock = new SimulatedClock();
  readonly random = new SimulatedRandom(7);
  readonly errors: MoorlineError[] = [];
  readonly transitions: Transition[] = [];
  readonly storage: MirrorStorage | undefined;
  readonly keyPrefix = "test/";
  present: MirrorPeer = { serverId: "server", sessionRef: "ref" };
  /** What stands for the client of each service, by its type name. */
  readonly clients = new Map<string, object>();

  constructor(storage?: MirrorStorage) {
    this.storage = storage;
  }

  service<T extends DescService>(desc: T): Client<T> {
    return this.clients.get(desc.typeName) as Client<T>;
  }

  readonly peer = (): MirrorPeer => this.present;

  readonly onTransition = (transition: Transition): void => {
    this.transitions.push(transition);
  };

  readonly onError = (error: MoorlineError): void => {
    this.errors.push(error);
  };

  /** The transitions so far, as `event state`, those that were ignored with a question mark. */
  get log(): string[] {
    return this.transitions.map(({ event, to, outcome }) =>
      outcome === TransitionOutcome.IGNORED ? `${event}?` : `${event} ${to}`,
    );
  }

  /** Lets everything happen that is due. */
  settle(): Promise<void> {
    return this.clock.settle();
  }
}
