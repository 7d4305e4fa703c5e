import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { type HostProfile, HostProfileSchema } from "../../gen/moorline/state/v1/host_profile_pb.ts";
import { type HostRegistry, MAX_HOSTS } from "../../src/runtime/registry/host-registry.ts";
import { parseRegistry, printRegistry } from "../../src/runtime/registry/registry-text.ts";
import { bytesToBase64url } from "../../src/wire/base64url.ts";

/** A place that registries share, as tabs share an origin and programs a file. */
export interface RegistryTestPlace {
  /** Another registry on the same place. */
  open(): HostRegistry;
  /** What is written there. */
  read(): string | undefined | Promise<string | undefined>;
  /** Writes something else there, past all registries. */
  write(text: string): void | Promise<void>;
  /** The copies of what was found damaged. */
  copies(): string[] | Promise<string[]>;
}

/** The server id of a number, below 100. */
export function serverIdOfNumber(number: number): string {
  return bytesToBase64url(new Uint8Array(32).fill(number));
}

/** A profile with one address. */
export function profileOf(number: number, init: MessageInitShape<typeof HostProfileSchema> = {}): HostProfile {
  const endpoint = `ws://127.0.0.1:${4_000 + number}/`;
  return create(HostProfileSchema, {
    serverId: serverIdOfNumber(number),
    label: `host ${number}`,
    candidates: [{ id: endpoint, kind: { case: "direct", value: { endpoint } } }],
    ...init,
  });
}

const bytesOf = (profile: HostProfile): Uint8Array => toBinary(HostProfileSchema, profile);
const idsOf = (profiles: readonly HostProfile[]): string[] => profiles.map(({ serverId }) => serverId);
const encode = (profile: HostProfile): string => bytesToBase64url(bytesOf(profile));

/** What every {@link HostRegistry} does. @param name The implementation. @param createPlace Makes an empty place. */
export function testHostRegistry(
  name: string,
  createPlace: () => RegistryTestPlace | Promise<RegistryTestPlace>,
): void {
  describe(`${name} as a HostRegistry`, () => {
    it("has nothing at first, and then what it is given, in that order, for others on the place too [REGISTRY-1]", async () => {
      const place = await createPlace();
      expect(await place.open().load()).toEqual({ profiles: [], faults: [] });
      await place.open().update(() => [profileOf(2), profileOf(1)]);
      expect((await place.open().load()).profiles).toEqual([profileOf(2), profileOf(1)]);
      expect(idsOf(await place.open().update((profiles) => profiles.slice(1)))).toEqual([serverIdOfNumber(1)]);
      expect(place.open().name).not.toBe("");
    });

    it("keeps what a newer version has put into a profile [REGISTRY-2] [INV-15]", async () => {
      const place = await createPlace();
      const unknownKind = new BinaryWriter()
        .tag(1, WireType.LengthDelimited)
        .string("x")
        .tag(9, WireType.LengthDelimited);
      const candidate = unknownKind.string("carrier pigeon").finish();
      const newer = new BinaryWriter()
        .raw(bytesOf(profileOf(3)))
        .tag(3, WireType.LengthDelimited)
        .bytes(candidate);
      const bytes = newer.tag(77, WireType.Varint).uint32(5).finish();
      await place.write(JSON.stringify({ version: 1, hosts: [bytesToBase64url(bytes)] }));
      await place.open().update((profiles) => [...profiles, profileOf(4)]);
      const { profiles } = await place.open().load();
      expect(profiles[0]?.candidates.map(({ id, kind }) => [id, kind.case])).toEqual([
        ["ws://127.0.0.1:4003/", "direct"],
        ["x", undefined],
      ]);
      expect(JSON.parse((await place.read()) ?? "")).toMatchObject({
        hosts: [bytesToBase64url(bytes), encode(profileOf(4))],
      });
    });

    it("loses nothing of racing updates [REGISTRY-6] [REGISTRY-7]", async () => {
      const place = await createPlace();
      const numbers = Array.from({ length: 20 }, (_, i) => i);
      await Promise.all(numbers.map((i) => place.open().update((profiles) => [...profiles, profileOf(i)])));
      expect(idsOf((await place.open().load()).profiles).sort()).toEqual(numbers.map(serverIdOfNumber).sort());
    });

    it("changes nothing where the change throws, or makes more than 64 hosts [REGISTRY-5]", async () => {
      const place = await createPlace();
      const registry = place.open();
      const all = Array.from({ length: MAX_HOSTS }, (_, i) => profileOf(i));
      await registry.update(() => all);
      const before = await place.read();
      const thrown = new Error("no");
      const throwing = registry.update(() => {
        throw thrown;
      });
      await expect(throwing).rejects.toBe(thrown);
      await expect(registry.update(() => [...all, profileOf(64)])).rejects.toMatchObject({ code: "OPTION_INVALID" });
      expect(await place.read()).toBe(before);
      expect(await registry.update((profiles) => profiles)).toHaveLength(MAX_HOSTS);
    });

    it("loses one damaged profile alone, and keeps a copy before it writes [REGISTRY-3] [REGISTRY-4]", async () => {
      const place = await createPlace();
      const [good, bad] = [encode(profileOf(1)), "AAA!"];
      const text = JSON.stringify({
        version: 1,
        hosts: [bad, good, 5, bytesToBase64url(new Uint8Array([255])), encode(profileOf(2, { serverId: "short" }))],
      });
      await place.write(text);
      const { profiles, faults } = await place.open().load();
      expect(idsOf(profiles)).toEqual([serverIdOfNumber(1)]);
      expect(faults.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "REGISTRY_CORRUPT"));
      expect([await place.read(), await place.copies()]).toEqual([text, []]);
      await place.open().update((known) => [...known, profileOf(2)]);
      expect(await place.copies()).toEqual([text]);
      expect(parseRegistry(await place.read())).toMatchObject({ faults: [], profiles: [profileOf(1), profileOf(2)] });
    });

    it.each([
      ["no JSON", "{"],
      ["another JSON", "[]"],
      ["null", "null"],
      ["no hosts", '{"version":1}'],
      ["no version", '{"hosts":[]}'],
    ])(
      "says that nothing can be read of %s, and keeps a copy before it writes [REGISTRY-3] [REGISTRY-4]",
      async (_what, text) => {
        const place = await createPlace();
        await place.write(text);
        const { profiles, faults } = await place.open().load();
        expect([profiles, faults.map(({ code, action }) => [code, action !== ""])]).toEqual([
          [],
          [["REGISTRY_CORRUPT", true]],
        ]);
        await place.open().update(() => [profileOf(1)]);
        expect(await place.copies()).toEqual([text]);
        expect((await place.open().load()).faults).toEqual([]);
      },
    );

    it("keeps up to eight copies, each once, and then writes no more until some are removed [REGISTRY-4]", async () => {
      const place = await createPlace();
      for (let i = 1; i <= 8; i += 1) {
        await place.write(`damaged ${i}`);
        await place.open().update(() => [profileOf(i)]);
      }
      await place.write("damaged 3");
      await place.open().update(() => [profileOf(1)]);
      await place.write("damaged 9");
      await expect(place.open().update(() => [])).rejects.toMatchObject({
        code: "REGISTRY_CORRUPT",
        action: expect.stringMatching("remove"),
      });
      expect(await place.read()).toBe("damaged 9");
      expect((await place.copies()).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `damaged ${i}`));
    });

    it("leaves alone what a newer version has written [REGISTRY-2]", async () => {
      const place = await createPlace();
      const text = '{"version":2,"hosts":{}}';
      await place.write(text);
      await expect(place.open().load()).rejects.toMatchObject({ code: "REGISTRY_NEWER" });
      await expect(place.open().update(() => [])).rejects.toMatchObject({ code: "REGISTRY_NEWER" });
      expect([await place.read(), await place.copies()]).toEqual([text, []]);
    });

    it("writes what everybody can read who knows the format [REGISTRY-1]", async () => {
      const place = await createPlace();
      await place.open().update(() => [profileOf(1)]);
      expect(await place.read()).toBe(printRegistry([profileOf(1)]));
      expect(JSON.parse((await place.read()) ?? "")).toEqual({ version: 1, hosts: [encode(profileOf(1))] });
    });
  });
}
