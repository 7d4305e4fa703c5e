import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type HostProfile, HostProfileSchema } from "../../gen/moorline/state/v1/host_profile_pb.ts";
import { type HostRegistry, MAX_HOSTS } from "../runtime/registry/host-registry.ts";
import { assert, assertEqual, assertRejects } from "./assertions.ts";
import { type Disposable, declareTests, type TestFunctions, type Tests } from "./declare-tests.ts";
import { type RegistryText, registryTextTests } from "./host-registry-text-tests.ts";
import { profileOf, serverIdOfNumber } from "./sample-profiles.ts";

export type { RegistryText } from "./host-registry-text-tests.ts";

/** A place that registries share, as tabs share an origin and programs a file. Empty when it is made. */
export interface RegistryTestPlace extends Disposable {
  /** Another registry on the same place. */
  open(): HostRegistry;
  /** The text that the registry is. Absent where it is none, as in a database of the app's own. */
  readonly text?: RegistryText;
}

/**
 * Declares the tests that hold a registry of hosts to every sentence of `HostRegistry`. Spec: REGISTRY.
 * @param name How the registry is called in the titles.
 * @param createPlace Makes an empty place; called once per test.
 * @param lacks What the place does not have; such tests are not declared. Default: nothing.
 */
export function describeHostRegistry(
  tests: TestFunctions,
  name: string,
  createPlace: () => RegistryTestPlace | Promise<RegistryTestPlace>,
  lacks: readonly "text"[] = [],
): void {
  declareTests(tests, `host registry ${name}`, createPlace, registryTests);
  if (lacks.includes("text")) return;
  const createWritten = async () => {
    const place = await createPlace();
    assert(place.text !== undefined, "the place has a text, or lacks it");
    return { ...place, text: place.text };
  };
  declareTests(tests, `host registry ${name}: its text`, createWritten, registryTextTests);
}

const registryTests: Tests<RegistryTestPlace> = {
  "has nothing at first, and then what it is given, in that order, for others on the place too [REGISTRY-1]": async (
    place,
  ) => {
    assertEqual(await place.open().load(), { profiles: [], faults: [] }, "nothing is there");
    await place.open().update(() => [profileOf(2), profileOf(1)]);
    const { profiles, faults } = await place.open().load();
    assertEqual(profiles.map(encode), [profileOf(2), profileOf(1)].map(encode), "both are there, as they were given");
    assertEqual(faults, [], "nothing is damaged");
    const left = await place.open().update((known) => known.slice(1));
    assertEqual(idsOf(left), [serverIdOfNumber(1)], "update gives what there is now");
    assert(place.open().name !== "", "it says where it is");
  },

  "keeps what a newer version has put into a profile [REGISTRY-2] [INV-15]": async (place) => {
    const bytes = newerProfile();
    await place.open().update(() => [fromBinary(HostProfileSchema, bytes)]);
    await place.open().update((profiles) => [...profiles, profileOf(4)]);
    const { profiles } = await place.open().load();
    assertEqual(profiles.map(encode), [bytes, encode(profileOf(4))], "it comes back byte for byte");
  },

  "loses nothing of racing updates [REGISTRY-6] [REGISTRY-7]": async (place) => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    await Promise.all(numbers.map((i) => place.open().update((profiles) => [...profiles, profileOf(i)])));
    const { profiles } = await place.open().load();
    assertEqual(idsOf(profiles).sort(), numbers.map(serverIdOfNumber).sort(), "all are there");
  },

  "changes nothing where the change throws, or makes more than 64 hosts [REGISTRY-5]": async (place) => {
    const registry = place.open();
    const all = Array.from({ length: MAX_HOSTS }, (_, i) => profileOf(i));
    await registry.update(() => all);
    const thrown = new Error("no");
    const throwing = registry.update(() => {
      throw thrown;
    });
    assert((await throwing.catch((error: unknown) => error)) === thrown, "what the change throws comes out");
    await assertRejects(
      registry.update(() => [...all, profileOf(MAX_HOSTS)]),
      "OPTION_INVALID",
    );
    assertEqual(idsOf((await registry.load()).profiles), idsOf(all), "all is as it was");
    assertEqual((await registry.update((profiles) => profiles)).length, MAX_HOSTS, "it goes on");
  },
};

/** A profile with a field, and a candidate of a kind, that this version does not know. */
function newerProfile(): Uint8Array {
  const candidate = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("x")
    .tag(9, WireType.LengthDelimited)
    .string("carrier pigeon")
    .finish();
  return new BinaryWriter()
    .raw(encode(profileOf(3)))
    .tag(3, WireType.LengthDelimited)
    .bytes(candidate)
    .tag(77, WireType.Varint)
    .uint32(5)
    .finish();
}

function encode(profile: HostProfile): Uint8Array {
  return toBinary(HostProfileSchema, profile);
}

function idsOf(profiles: readonly HostProfile[]): string[] {
  return profiles.map(({ serverId }) => serverId);
}
