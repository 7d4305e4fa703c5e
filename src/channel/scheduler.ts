import { Queue } from "../core/queue.ts";
import type { ChannelCall } from "./channel-call.ts";

/**
 * Whose turn it is. Calls that have something to send stand in one of two lines: credit, cancellations and ends go before
 * messages, and within a line each call sends one frame and goes to the back. Spec: CALL, CREDIT.
 */
export class Scheduler {
  private readonly urgent = new Queue<ChannelCall>();
  private readonly ready = new Queue<ChannelCall>();

  /** Puts a call at the back of the line that it belongs to, unless it stands there already. */
  add(call: ChannelCall): void {
    if (call.isUrgent && call.lines.urgent === "out") {
      call.lines.urgent = "in";
      this.urgent.push(call);
    }
    if (call.isSendable && call.lines.ready === "out") {
      call.lines.ready = "in";
      this.ready.push(call);
    }
  }

  /** The call whose turn it is. It stays in its line until `rotate`. Undefined where nobody has anything to send. */
  peek(): ChannelCall | undefined {
    return this.head(this.urgent, "urgent") ?? this.head(this.ready, "ready");
  }

  /** The call that `peek` gave has sent a frame: it goes to the back of whichever line it still belongs to. */
  rotate(call: ChannelCall): void {
    if (this.urgent.at(0) === call) {
      this.urgent.shift();
      call.lines.urgent = "out";
    } else {
      this.ready.shift();
      call.lines.ready = "out";
    }
    this.add(call);
  }

  /** Forgets everybody. */
  clear(): void {
    this.urgent.clear();
    this.ready.clear();
  }

  private head(line: Queue<ChannelCall>, name: "urgent" | "ready"): ChannelCall | undefined {
    for (;;) {
      const call = line.at(0);
      if (call === undefined) return undefined;
      if (name === "urgent" ? call.isUrgent : call.isSendable) return call;
      line.shift();
      call.lines[name] = "out";
    }
  }
}

/** Where a call stands in the scheduler. Kept by the scheduler alone. */
export interface Lines {
  /** Whether it is in the line of credit, cancellations and ends. */
  urgent: "in" | "out";
  /** Whether it is in the line of everything else. */
  ready: "in" | "out";
}
