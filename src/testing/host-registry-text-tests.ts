import { toBinary } from "@bufbuild/protobuf";
import { type HostProfile, HostProfileSchema } from "../../gen/moorline/state/v1/host_profile_pb.ts";
import type { HostRegistry } from "../runtime/registry/host-registry.ts";
import { bytesToBase64url } from "../wire/base64url.ts";
import type { MoorlineError } from "../wire/moorline-error.ts";
import { assert, assertEqual, assertRejects } from "./assertions.ts";
import type { Disposable, Tests } from "./declare-tests.ts";
import { profileOf, serverIdOfNumber } from "./sample-profiles.ts";

/** The text that a registry is, past all registries. */
export interface RegistryText {
  /** What is written. Undefined where nothing is. */
  read(): string | undefined | Promise<string | undefined>;
  /** Writes something else. */
  write(text: string): void | Promise<void>;
  /** The copies of what was found damaged. */
  copies(): readonly string[] | Promise<readonly string[]>;
}

/** A place with a text. */
export interface WrittenPlace extends Disposable {
  open(): HostRegistry;
  readonly text: RegistryText;
}

/** The most copies of damaged registries. */
const MAX_COPIES = 8;
/** Texts that nothing can be read of. */
const UNREADABLE = ["{", "[]", "null", '{"version":1}', '{"hosts":[]}'];

/** What a registry that is one text does with it. */
export const registryTextTests: Tests<WrittenPlace> = {
  "writes what everybody can read who knows the format [REGISTRY-1]": async ({ open, text }) => {
    await open().update(() => [profileOf(1)]);
    assertEqual(JSON.parse((await text.read()) ?? ""), { version: 1, hosts: [encode(profileOf(1))] }, "the text");
  },

  "writes nothing where the change throws [REGISTRY-5]": async ({ open, text }) => {
    await open().update(() => [profileOf(1)]);
    const spaced = `${await text.read()}\n`;
    await text.write(spaced);
    await open()
      .update(() => {
        throw new Error("no");
      })
      .catch(() => {});
    assertEqual(await text.read(), spaced, "it is as it was");
  },

  "loses one damaged profile alone, and keeps a copy before it writes [REGISTRY-3] [REGISTRY-4]": async ({
    open,
    text,
  }) => {
    const noId = encode(profileOf(2, { serverId: "short" }));
    const hosts = ["AAA!", encode(profileOf(1)), 5, bytesToBase64url(new Uint8Array([255])), noId];
    const damaged = JSON.stringify({ version: 1, hosts });
    await text.write(damaged);
    const { profiles, faults } = await open().load();
    assertEqual(idsOf(profiles), [serverIdOfNumber(1)], "one can be read");
    assertEqual(
      codesOf(faults),
      Array.from({ length: 4 }, () => "REGISTRY_CORRUPT"),
      "each other is told",
    );
    assertEqual([await text.read(), await text.copies()], [damaged, []], "reading changes nothing");
    await open().update((known) => [...known, profileOf(2)]);
    assertEqual(await text.copies(), [damaged], "there is a copy");
    const next = await open().load();
    assertEqual(
      [idsOf(next.profiles), next.faults],
      [[serverIdOfNumber(1), serverIdOfNumber(2)], []],
      "it is whole again",
    );
  },

  "says where nothing can be read, and keeps a copy before it writes [REGISTRY-3] [REGISTRY-4]": async ({
    open,
    text,
  }) => {
    for (const damaged of UNREADABLE) {
      await text.write(damaged);
      const { profiles, faults } = await open().load();
      assertEqual([profiles, codesOf(faults)], [[], ["REGISTRY_CORRUPT"]], `of ${damaged} nothing can be read`);
      assert(
        faults.every(({ action }) => action !== ""),
        "it says what to do",
      );
      await open().update(() => [profileOf(1)]);
      assertEqual((await open().load()).faults, [], "it is whole again");
    }
    assertEqual([...(await text.copies())].sort(), [...UNREADABLE].sort(), "there are copies of all");
  },

  "keeps up to eight copies, each once, and then writes no more until some are removed [REGISTRY-4]": async ({
    open,
    text,
  }) => {
    const damaged = Array.from({ length: MAX_COPIES }, (_, i) => `damaged ${i + 1}`);
    for (const one of damaged) {
      await text.write(one);
      await open().update(() => [profileOf(1)]);
    }
    await text.write("damaged 3");
    await open().update(() => [profileOf(1)]);
    await text.write("damaged 9");
    const error = await assertRejects(
      open().update(() => []),
      "REGISTRY_CORRUPT",
    );
    assert(error.action.includes("remove"), "it says what to do");
    assertEqual(await text.read(), "damaged 9", "it is not overwritten");
    assertEqual([...(await text.copies())].sort(), damaged, "each is there once");
  },

  "leaves alone what a newer version has written [REGISTRY-2]": async ({ open, text }) => {
    const newer = '{"version":2,"hosts":{}}';
    await text.write(newer);
    await assertRejects(open().load(), "REGISTRY_NEWER");
    await assertRejects(
      open().update(() => []),
      "REGISTRY_NEWER",
    );
    assertEqual([await text.read(), await text.copies()], [newer, []], "nothing was changed");
  },
};

function encode(profile: HostProfile): string {
  return bytesToBase64url(toBinary(HostProfileSchema, profile));
}

function idsOf(profiles: readonly HostProfile[]): string[] {
  return profiles.map(({ serverId }) => serverId);
}

function codesOf(faults: readonly MoorlineError[]): string[] {
  return faults.map(({ code }) => code);
}
