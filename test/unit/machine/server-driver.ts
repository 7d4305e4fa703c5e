import type { Step } from "../../../src/core/machine.ts";

interface Shape {
  readonly case: string | undefined;
  readonly value?: object | undefined;
}

/** Holds the state of one of the server's machines and says in words what came out. */
export class ServerDriver<State extends { readonly state: Shape }, Event, Effect extends { readonly effect: Shape }> {
  state: State;
  ignored = false;
  effects: readonly Effect[];
  readonly #transition: (state: State, event: Event) => Step<State, Effect>;

  constructor(start: Step<State, Effect>, transition: (state: State, event: Event) => Step<State, Effect>) {
    this.state = start.state;
    this.effects = start.effects;
    this.#transition = transition;
  }

  /** Gives the machine events and remembers what followed from the last one. */
  give(...events: readonly Event[]): this {
    for (const event of events) {
      const step = this.#transition(this.state, event);
      this.state = step.state;
      this.effects = step.effects;
      this.ignored = step.ignored;
    }
    return this;
  }

  get phase(): string {
    return this.state.state.case ?? "";
  }

  /** The fields of the present state. */
  get data(): object {
    return this.state.state.value ?? {};
  }

  /** The effects of the last event as `name field=value …`, in order. */
  get did(): string[] {
    return this.effects.map(({ effect }) => {
      const fields = Object.entries(effect.value ?? {}).filter(([key, value]) => key !== "$typeName" && value !== "");
      return [effect.case, ...fields.map(([key, value]) => `${key}=${value}`)].join(" ");
    });
  }
}
