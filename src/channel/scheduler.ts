/**
 * A place in a line: a link of the ring that begins and ends at the line itself, or a ring of its own. Entering, leaving
 * and reading the first cost the same however long the line is.
 */
export class Place<T> {
  private readonly owner: T | undefined;
  private previous: Place<T> = this;
  private next: Place<T> = this;

  /** @param owner Who stands in the place. Undefined for the line itself. */
  constructor(owner?: T) {
    this.owner = owner;
  }

  /** Whether it is in no line. */
  get isFree(): boolean {
    return this.next === this;
  }

  /** Who stands first in this line. Undefined where nobody does. */
  get first(): T | undefined {
    return this.next.owner;
  }

  /** Goes to the back of the line. It must be in none. */
  enter(line: Place<T>): void {
    const last = line.previous;
    last.next = this;
    this.previous = last;
    this.next = line;
    line.previous = this;
  }

  /** Goes to the back of its line, if it is in one. */
  yield(line: Place<T>): void {
    if (this.isFree || line.previous === this) return;
    this.leave();
    this.enter(line);
  }

  /** Leaves its line, if it is in one. */
  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

/** Who takes turns in sending. */
export interface Sender<T> {
  /** Whether credit, a cancellation or an end can go. */
  readonly isUrgent: boolean;
  /** Whether anything else can go. */
  readonly isSendable: boolean;
  /** Its place among those with something urgent. */
  readonly urgentPlace: Place<T>;
  /** Its place among the others. */
  readonly readyPlace: Place<T>;
}

/**
 * Whose turn it is. Calls that have something to send stand in one of two lines: credit, cancellations and ends go before
 * messages, and within a line each call sends one frame and goes to the back. Spec: CALL-8, CALL-9.
 */
export class Scheduler<T extends Sender<T>> {
  private readonly urgent = new Place<T>();
  private readonly ready = new Place<T>();

  /** Puts a call at the back of the lines that it belongs to, unless it stands there already. */
  add(call: T): void {
    if (call.urgentPlace.isFree && call.isUrgent) call.urgentPlace.enter(this.urgent);
    if (call.readyPlace.isFree && call.isSendable) call.readyPlace.enter(this.ready);
  }

  /** Takes a call out of its lines: it sends nothing any more. */
  remove(call: T): void {
    call.urgentPlace.leave();
    call.readyPlace.leave();
  }

  /** The call whose turn it is. It stays in its line until `rotate`. Undefined where nobody has anything to send. */
  peek(): T | undefined {
    for (let call = this.urgent.first; call !== undefined; call = this.urgent.first) {
      if (call.isUrgent) return call;
      call.urgentPlace.leave();
    }
    for (let call = this.ready.first; call !== undefined; call = this.ready.first) {
      if (call.isSendable) return call;
      call.readyPlace.leave();
    }
    return undefined;
  }

  /** The call that `peek` gave has sent a frame: it goes to the back of its line, and `peek` looks whether it still belongs there. */
  rotate(call: T): void {
    if (call.urgentPlace.isFree) call.readyPlace.yield(this.ready);
    else call.urgentPlace.yield(this.urgent);
    this.add(call);
  }
}
