import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { isOutOfRoom } from "../storage/out-of-room.ts";
import { type HostRegistry, MAX_HOSTS, type RegistryContents } from "./host-registry.ts";
import { parseRegistry, printRegistry } from "./registry-text.ts";

/** Where a registry is written: one text, and copies of what was found damaged. What it throws becomes a MoorlineError. */
export interface RegistryPlace {
  /** As in {@link HostRegistry}. */
  readonly name: string;
  /** Runs work while nobody else reads or writes the place. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** The text. Undefined where nothing was written yet. */
  read(): string | undefined | Promise<string | undefined>;
  /** Replaces the text: whole, or not at all. */
  write(text: string): void | Promise<void>;
  /** Writes a copy of a damaged text, under a number. @returns false where there is another one under it. */
  keepCopy(text: string, number: number): boolean | Promise<boolean>;
}

/** The most copies of damaged registries that are kept. Then nothing is written any more. Spec: REGISTRY-4. */
const MAX_COPIES = 8;

/** A registry on a place. Spec: REGISTRY. */
export function createRegistry(place: RegistryPlace): HostRegistry {
  const read = async (): Promise<[RegistryContents, string | undefined]> => {
    const text = await place.read();
    return [parseRegistry(text), text];
  };
  return {
    name: place.name,
    load: () => guarded(place, async () => (await read())[0]),
    update: (change) =>
      guarded(place, async () => {
        const [{ profiles, faults }, before] = await read();
        const next = changed(profiles, change);
        const text = printRegistry(next);
        if (text === before) return next;
        if (faults.length > 0 && before !== undefined) await keepDamaged(place, before);
        await place.write(text);
        return next;
      }),
  };
}

/** What somebody else's function throws is no failure of the storage. */
class ChangeError extends Error {}

function changed(
  profiles: readonly HostProfile[],
  change: Parameters<HostRegistry["update"]>[0],
): readonly HostProfile[] {
  const next = attempt(() => change(profiles));
  if (next.length <= MAX_HOSTS || next.length < profiles.length) return next;
  throw new MoorlineError("OPTION_INVALID", `There would be ${next.length} hosts.`, {
    action: `Forget a host first: there are at most ${MAX_HOSTS}.`,
  });
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new ChangeError("change", { cause });
  }
}

async function keepDamaged(place: RegistryPlace, text: string): Promise<void> {
  for (let number = 1; number <= MAX_COPIES; number += 1) if (await place.keepCopy(text, number)) return;
  throw new MoorlineError("REGISTRY_CORRUPT", `There are ${MAX_COPIES} copies of damaged registries already.`, {
    action: "Look at the copies beside the registry, and remove those that are not needed.",
  });
}

async function guarded<T>(place: RegistryPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await place.alone(work);
  } catch (thrown) {
    if (thrown instanceof ChangeError) throw thrown.cause;
    if (thrown instanceof MoorlineError) throw thrown;
    const isFull = isOutOfRoom(thrown);
    const text = `The registry of hosts (${place.name}) ${isFull ? "has no room" : "cannot be read or written"}.`;
    throw new MoorlineError(isFull ? "STORAGE_FULL" : "STORAGE_FAILED", text, { cause: thrown });
  }
}
