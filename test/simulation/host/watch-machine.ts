import type { HostEffect, HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { type HostConfig, hostMachine } from "../../../src/machine/host.ts";
import type { SchemaMachine } from "../../../src/machine/schema-machine.ts";

/** One step of the host machine of any runtime of this process. */
export interface HostStepTaken {
  readonly before: HostState;
  readonly event: NonNullable<HostEvent["event"]>;
  readonly after: HostState;
  readonly effects: readonly HostEffect[];
  readonly ignored: boolean;
}

type Listener = (step: HostStepTaken) => void;

const hearers: { present: Listener | undefined } = { present: undefined };

const { transition } = hostMachine;
const watched: Pick<SchemaMachine<HostState, HostEvent, HostEffect, HostConfig>, "transition"> = {
  transition(state, event, config) {
    const step = transition(state, event, config);
    hearers.present?.({
      before: state,
      event: event.event,
      after: step.state,
      effects: step.effects,
      ignored: step.ignored,
    });
    return step;
  },
};
// The transition log has no numbers, which is what is to be judged: so the machine itself is listened to.
Object.assign(hostMachine, watched);

/** Hears of every step from now on, in the place of whoever did before. */
export function watchHostMachine(listener: Listener): void {
  hearers.present = listener;
}
