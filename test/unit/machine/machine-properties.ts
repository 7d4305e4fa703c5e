import { create, type DescMessage, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Machine, Step } from "../../../src/core/machine.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";

/** The generated table of a machine. */
export interface Table {
  readonly name: string;
  readonly initial: string;
  readonly terminal: readonly string[];
  readonly transitions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

interface EffectLike {
  readonly effect: { readonly case: string | undefined; readonly value?: object | undefined };
}

/** A machine, its table, and what its states are said to hold. */
export interface Subject<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config> {
  /** What the runs are called. */
  readonly title: string;
  /** The generated table. */
  readonly table: Table;
  readonly machine: Machine<MessageInitShape<S>, MessageInitShape<E>, MessageInitShape<F>, Config>;
  readonly schemas: { readonly state: S; readonly event: E; readonly effect: F };
  readonly config: Config;
  readonly start: Step<MessageInitShape<S>, MessageInitShape<F>>;
  /** What effects have begun and not ended, where the state is the one given; names as `applyEffects` makes them. */
  holds(state: MessageInitShape<S>): string[];
}

/** What the effects so far have begun and not ended. */
function applyEffects(ledger: Set<string>, effects: readonly object[]): void {
  for (const { effect } of effects as readonly EffectLike[]) {
    const fields: { timer?: number; attempt?: number; connection?: number; generation?: number } = effect.value ?? {};
    const timer = `timer ${fields.timer ?? ""}`;
    if (effect.case === "startTimer") ledger.add(timer);
    if (effect.case === "cancelTimer") ledger.delete(timer);
    if (effect.case === "openTransport") ledger.add("transport");
    if (effect.case === "closeTransport" || effect.case === "handOver") ledger.delete("transport");
    if (effect.case === "attachChannel") ledger.add("channel");
    if (effect.case === "detachChannel" || effect.case === "endChannel") ledger.delete("channel");
    if (effect.case === "attachConnection") ledger.add(`connection ${fields.attempt}`);
    if (effect.case === "detachConnection") ledger.delete(`connection ${fields.attempt}`);
    if (effect.case === "openWatch") ledger.add(`watch ${fields.generation}`);
    if (effect.case === "cancelWatch") ledger.delete(`watch ${fields.generation}`);
    if (effect.case === "openClient" || effect.case === "openProbe") ledger.add(`connection ${fields.connection}`);
    if (effect.case === "closeConnection") ledger.delete(`connection ${fields.connection}`);
    if (effect.case === "startHeartbeat") ledger.add("heartbeat");
    if (effect.case === "stopHeartbeat") ledger.delete("heartbeat");
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

function checkStep<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config>(
  { table, machine, schemas }: Subject<S, E, F, Config>,
  from: MessageInitShape<S>,
  event: MessageInitShape<E>,
  step: Step<MessageInitShape<S>, MessageInitShape<F>>,
): void {
  const targets = table.transitions[machine.stateName(from)]?.[machine.eventName(event)] ?? [];
  if (step.ignored) {
    expect(step.state).toBe(from);
    expect(step.effects).toEqual([]);
  } else {
    expect(targets).toContain(machine.stateName(step.state));
  }
  const json = toJson(schemas.state, create(schemas.state, step.state));
  expect(toJson(schemas.state, fromJson(schemas.state, json))).toEqual(json);
  for (const effect of step.effects) toJson(schemas.effect, create(schemas.effect, effect));
}

/**
 * Drives random events through a machine and holds every step against its table.
 * @param dropsTransport Events by which a transport ends without an effect.
 */
export function describeMachine<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config>(
  subject: Subject<S, E, F, Config>,
  dropsTransport: (event: string) => boolean = () => false,
): void {
  const { title, table, machine, schemas, config, start } = subject;
  const events = fc.array(arbitraryMessage(schemas.event), { maxLength: 60 });

  describe(`random events: ${title}`, () => {
    it("takes rows of its table only, never throws, and keeps the very same state otherwise [RUN-1] [RUN-2] [INV-10]", () => {
      fc.assert(
        fc.property(events, (sequence) => {
          let state = deepFreeze(start.state);
          for (const event of sequence) {
            const step = machine.transition(state, deepFreeze(event), config);
            checkStep(subject, state, event, step);
            state = deepFreeze(step.state);
          }
        }),
        { numRuns: 400 },
      );
    });

    it("has begun exactly what its state says, and undone the rest [RUN-3]", () => {
      fc.assert(
        fc.property(events, (sequence) => {
          const ledger = new Set<string>();
          applyEffects(ledger, start.effects);
          let state = start.state;
          for (const event of sequence) {
            const step = machine.transition(state, event, config);
            if (!step.ignored && dropsTransport(machine.eventName(event))) ledger.delete("transport");
            applyEffects(ledger, step.effects);
            state = step.state;
            expect([...ledger].sort()).toEqual(subject.holds(state).sort());
          }
        }),
        { numRuns: 400 },
      );
    });

    it("starts where its table says", () => {
      expect(machine.stateName(start.state)).toBe(table.initial);
      expect(machine.name).toBe(table.name);
    });
  });
}
