import type { Transition } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { Clock } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import type { ServerEvent } from "./events.ts";

/** Where a server writes for people. The console is one. */
export interface ServerLogger {
  /** Something that somebody should look at. */
  warn(message: string): void;
  /** Something that has failed, and what was thrown. */
  error(message: string, error: unknown): void;
}

/** Who hears of a server. What they throw goes to the logger and changes nothing. */
export interface ServerListeners {
  /** Hears of channels and sessions, each event once and in order, soon after it happened. */
  readonly onEvent?: (event: ServerEvent) => void;
  /** Takes the transition log of every machine of the server. Spec: LOG-1. */
  readonly onTransition?: TransitionSink;
  /** Where the server writes for people. Default: the console. */
  readonly logger?: ServerLogger;
}

/**
 * Tells the application what has happened, after the turn in which it did: a listener that closes the server, or ends a
 * session, never does so in the middle of a step.
 */
export class Reporter {
  private readonly clock: Clock;
  private readonly listeners: ServerListeners;
  private readonly waiting = new Queue<() => void>();

  /** @param clock Time. @param listeners Who hears. */
  constructor(clock: Clock, listeners: ServerListeners) {
    this.clock = clock;
    this.listeners = listeners;
  }

  /** Whether anybody wants the transition log. Records that nobody wants are not made. */
  get isLogged(): boolean {
    return this.listeners.onTransition !== undefined;
  }

  /** Tells of an event. */
  event(event: ServerEvent): void {
    const { onEvent } = this.listeners;
    if (onEvent !== undefined) this.later(() => onEvent(event));
  }

  /** Writes a record of the transition log. */
  transition(transition: Transition): void {
    const { onTransition } = this.listeners;
    if (onTransition !== undefined) this.later(() => onTransition(transition));
  }

  /** Writes a warning for people. */
  warn(message: string): void {
    this.toLogger((logger) => logger.warn(`moorline: ${message}`));
  }

  /** Something was thrown that must change nothing. */
  readonly failed = (what: string, error: unknown): void => {
    this.toLogger((logger) => logger.error(`moorline: ${what} has failed`, error));
  };

  private later(tell: () => void): void {
    this.waiting.push(tell);
    if (this.waiting.length === 1) this.clock.defer(() => this.deliver());
  }

  private deliver(): void {
    for (let left = this.waiting.length; left > 0; left -= 1) {
      // The one that is told stays in the queue, so that what it causes does not defer once more.
      this.tell(this.waiting.at(0));
      this.waiting.shift();
    }
    if (this.waiting.length > 0) this.clock.defer(() => this.deliver());
  }

  private tell(tell: (() => void) | undefined): void {
    try {
      tell?.();
    } catch (error) {
      this.failed("a listener", error);
    }
  }

  private toLogger(write: (logger: ServerLogger) => void): void {
    try {
      write(this.listeners.logger ?? console);
    } catch {
      // There is nobody left to tell.
    }
  }
}
