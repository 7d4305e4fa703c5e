import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { Clock } from "../../core/clock.ts";
import { Deadlines } from "../../core/deadlines.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { HostRegistry, RegistryContents } from "../registry/host-registry.ts";

/** How long a registry may take to answer, in milliseconds. Spec: FLEET-13. */
export const REGISTRY_TIMEOUT_MS = 10_000;

/** A registry, which may be an app's own, as a fleet asks it. What comes back rejects with a MoorlineError, whatever it throws. */
export class AskedRegistry {
  readonly #registry: HostRegistry;
  readonly #deadlines: Deadlines;

  constructor(registry: HostRegistry, clock: Clock) {
    this.#registry = registry;
    this.#deadlines = new Deadlines(clock);
  }

  /** Everything that is kept. */
  load(): Promise<RegistryContents> {
    return this.#ask(async () => checkContents(await this.#registry.load()));
  }

  /** Changes what is kept. Nothing is changed once it was said that the registry does not answer. */
  update(change: Parameters<HostRegistry["update"]>[0]): Promise<readonly HostProfile[]> {
    return this.#ask(async (late) =>
      checkProfiles(
        await this.#registry.update((profiles) => {
          if (late.error !== undefined) throw late.error;
          return change(profiles);
        }),
      ),
    );
  }

  async #ask<T>(work: (late: { readonly error?: MoorlineError }) => Promise<T>): Promise<T> {
    const { name } = this.#registry;
    const late: { error?: MoorlineError } = {};
    const createError = (): MoorlineError => {
      late.error = createSlowError(name);
      return late.error;
    };
    try {
      return await this.#deadlines.run({ timeoutMs: REGISTRY_TIMEOUT_MS, createError }, () => work(late));
    } catch (cause) {
      if (cause instanceof MoorlineError) throw cause;
      throw new MoorlineError("STORAGE_FAILED", `The registry of hosts (${name}) has failed.`, { cause });
    }
  }
}

function createSlowError(name: string): MoorlineError {
  const text = `The registry of hosts (${name}) has not answered within ${REGISTRY_TIMEOUT_MS / 1_000} s.`;
  return new MoorlineError("STORAGE_TIMED_OUT", text, {
    action: "Close other programs and tabs that use it, then try again.",
  });
}

function checkContents(contents: RegistryContents): RegistryContents {
  checkProfiles(contents.profiles);
  if (!Array.isArray(contents.faults)) throw new TypeError("the registry has given no faults");
  return contents;
}

function checkProfiles(profiles: readonly HostProfile[]): readonly HostProfile[] {
  if (!Array.isArray(profiles)) throw new TypeError("the registry has given no profiles");
  return profiles;
}
