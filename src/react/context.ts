import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo } from "react";
import type { Clock } from "../core/clock.ts";
import type { HostFleet } from "../runtime/fleet/host-fleet.ts";
import type { HostRuntime } from "../runtime/host-runtime.ts";
import { checkMethods } from "../wire/check-given.ts";
import { MoorlineError } from "../wire/moorline-error.ts";

/** What the hooks below a provider read. */
export interface MoorlineSurroundings {
  /** The host of the nearest provider that has one. */
  readonly host: HostRuntime | undefined;
  /** The fleet of the nearest provider that has one. */
  readonly fleet: HostFleet | undefined;
  /** By which presentations wait. Undefined: the system's clock. */
  readonly clock: Clock | undefined;
}

/** What a {@link MoorlineProvider} is given: a host, or a fleet. The application makes, starts and stops them. */
export interface MoorlineProviderProps {
  /** The host that hooks below read where they name none. Default: that of the provider above. */
  readonly host?: HostRuntime | undefined;
  /** The fleet that hooks below find their hosts in. Default: that of the provider above. */
  readonly fleet?: HostFleet | undefined;
  /** By which views wait before they show that they are refreshed. Default: that of the provider above, else the system's. */
  readonly clock?: Clock | undefined;
  readonly children?: ReactNode;
}

const Surroundings = createContext<MoorlineSurroundings | undefined>(undefined);

/** Gives hooks a host or a fleet. Providers nest: one with a host inside one with a fleet chooses among the hosts. Throws OPTION_INVALID for what is neither. Spec: REACT-5. */
export function MoorlineProvider({ host, fleet, clock, children }: MoorlineProviderProps): ReactElement {
  const above = useContext(Surroundings);
  if (host !== undefined) checkMethods("host", host, ["getSnapshot", "subscribe", "service"]);
  if (fleet !== undefined) checkMethods("fleet", fleet, ["getSnapshot", "subscribe", "host"]);
  const value = useMemo(
    () => ({ host: host ?? above?.host, fleet: fleet ?? above?.fleet, clock: clock ?? above?.clock }),
    [host, fleet, clock, above],
  );
  return createElement(Surroundings.Provider, { value }, children);
}

/**
 * What the nearest provider gives.
 * @param hook The name of the hook that asks, for the error.
 * @throws MoorlineError PROVIDER_MISSING where there is no provider above. Spec: REACT-6.
 */
export function useSurroundings(hook: string): MoorlineSurroundings {
  const surroundings = useContext(Surroundings);
  if (surroundings === undefined)
    throw new MoorlineError("PROVIDER_MISSING", `${hook} has no MoorlineProvider above it.`);
  return surroundings;
}
