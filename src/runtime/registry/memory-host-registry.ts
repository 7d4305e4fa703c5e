import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { checkList } from "../../wire/check-given.ts";
import { createHostRegistry } from "./create-host-registry.ts";
import type { HostRegistry } from "./host-registry.ts";
import { printRegistry } from "./registry-text.ts";

/** A registry that lasts as long as the process. @param profiles What it has at first. Default: nothing. */
export function createMemoryHostRegistry(profiles: readonly HostProfile[] = []): HostRegistry {
  checkList("the profiles of the registry", profiles);
  let text: string | undefined = profiles.length === 0 ? undefined : printRegistry(profiles);
  return createHostRegistry({
    name: "memory",
    read: () => text,
    write: (next) => {
      text = next;
    },
    keepCopy: () => true,
  });
}
