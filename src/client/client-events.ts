import { checkFunction } from "../wire/check-given.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { LostChannel } from "./client-instance.ts";

/** What {@link ClientEvents} tells, by name. */
export interface ClientEventMap {
  /** A new connection carries the same channel: nothing was lost, nothing comes twice, calls went on. */
  readonly resumed: ResumedEvent;
  /** The channel is gone for good and its calls have ended. The next one is new. */
  readonly channel_lost: LostChannel;
}

/** The channel goes on, on a new connection. */
export interface ResumedEvent {
  /** The generation of the new connection. */
  readonly generation: number;
  /** Calls that went on, those of both sides. */
  readonly calls: number;
}

type Listener<Name extends keyof ClientEventMap> = (event: ClientEventMap[Name]) => void;
type Subscription = {
  readonly [Name in keyof ClientEventMap]: { name: Name; listener: Listener<Name> };
}[keyof ClientEventMap];

/** The listeners of a client. What one throws is told to `failed`, and the others hear of the event all the same. */
export class ClientEvents {
  private readonly subscriptions = new Set<Subscription>();
  private readonly failed: (error: unknown) => void;

  /** @param failed Hears what a listener throws. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  /**
   * Calls `listener` at each such event, until the function that comes back is called.
   * @throws MoorlineError OPTION_INVALID for another name, and for what is no function.
   */
  on<Name extends keyof ClientEventMap>(name: Name, listener: Listener<Name>): () => void {
    if (name !== "resumed" && name !== "channel_lost") {
      throw new MoorlineError("OPTION_INVALID", "There is no such event.", { action: "Give resumed or channel_lost." });
    }
    checkFunction("the listener", listener);
    const subscription = { name, listener } as unknown as Subscription;
    this.subscriptions.add(subscription);
    return () => this.subscriptions.delete(subscription);
  }

  /** Tells an event to those who listen to it now. */
  emit<Name extends keyof ClientEventMap>(name: Name, event: ClientEventMap[Name]): void {
    for (const subscription of [...this.subscriptions]) {
      if (subscription.name !== name || !this.subscriptions.has(subscription)) continue;
      try {
        (subscription.listener as Listener<Name>)(event);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
