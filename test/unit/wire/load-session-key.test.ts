import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/core/random.ts";
import { INSTALL_SECRET_NAME } from "../../../src/wire/install-secret.ts";
import { createMemoryStorage, type KeyStorage } from "../../../src/wire/key-storage.ts";
import { loadOrCreateSessionKey } from "../../../src/wire/load-session-key.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { deriveSessionKey } from "../../../src/wire/session-key.ts";
import { vectors } from "./vectors.ts";

const [first, second] = vectors.server_id.map((vector) => vector.server_id) as [string, string];
const random: Random = { unit: Math.random, bytes: (length) => randomBytes(length) };
const storageOf = (putIfAbsent: KeyStorage["putIfAbsent"]): KeyStorage => ({ name: "the attic", putIfAbsent });
const load = (storage: KeyStorage, serverId = first): Promise<unknown> =>
  loadOrCreateSessionKey(storage, serverId, { random });

describe("loadOrCreateSessionKey", () => {
  it("gives the same key again, and another one for another daemon [KEY-6]", async () => {
    const storage = createMemoryStorage();
    const key = await load(storage);
    expect(await load(storage)).toBe(key);
    expect(await load(storage, second)).not.toBe(key);
    expect(await load(createMemoryStorage())).not.toBe(key);
  });

  it("derives the key from the secret that is stored [KEY-2] [KEY-6]", async () => {
    const secret = randomBytes(32);
    const storage = createMemoryStorage();
    await storage.putIfAbsent(INSTALL_SECRET_NAME, secret.toString("base64url"));
    expect(await load(storage)).toBe(deriveSessionKey(secret, first));
  });

  it("gives racing callers one key [KEY-6]", async () => {
    const storage = createMemoryStorage();
    const keys = await Promise.all(Array.from({ length: 100 }, () => load(storage)));
    expect(new Set(keys).size).toBe(1);
  });

  it.each([
    ["nothing", ""],
    ["a secret cut short", randomBytes(31).toString("base64url")],
    ["a longer one", randomBytes(33).toString("base64url")],
    ["hex", randomBytes(32).toString("hex")],
    ["a line feed behind it", `${randomBytes(32).toString("base64url")}\n`],
  ])("refuses stored damage, says where it is, and replaces nothing: %s [KEY-7] [LOG-3]", async (_name, damaged) => {
    const storage = createMemoryStorage();
    await storage.putIfAbsent(INSTALL_SECRET_NAME, damaged);
    const error = await load(storage).catch(MoorlineError.from);
    expect(error).toMatchObject({ code: "INSTALL_SECRET_MALFORMED" });
    expect((error as MoorlineError).message).toContain('What memory holds as "moorline-install-secret"');
    expect((error as MoorlineError).message).toContain("Restore it from a backup");
    if (damaged !== "") expect(inspect(error)).not.toContain(damaged.trim());
    expect(await storage.putIfAbsent(INSTALL_SECRET_NAME, "other")).toBe(damaged);
  });

  it("refuses a storage that gives no text [KEY-7]", async () => {
    const storage = storageOf(async () => undefined as unknown as string);
    await expect(load(storage)).rejects.toMatchObject({ code: "INSTALL_SECRET_MALFORMED" });
  });

  it.each([
    ["rejects", async () => Promise.reject(new Error("disk is gone"))],
    [
      "throws",
      (): never => {
        throw new Error("disk is gone");
      },
    ],
  ])("makes a storage that %s a typed error with its cause [KEY-7]", async (_name, putIfAbsent) => {
    await expect(load(storageOf(putIfAbsent))).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      text: "The install secret cannot be read from the attic.",
      cause: expect.objectContaining({ message: "disk is gone" }),
    });
  });

  it.each(["QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED"])(
    "says of a %s that there is no room [KEY-7]",
    async (name) => {
      const full = Object.assign(new Error("full"), { name });
      await expect(load(storageOf(async () => Promise.reject(full)))).rejects.toMatchObject({
        code: "STORAGE_FULL",
        action: expect.stringContaining("Make room"),
        cause: full,
      });
    },
  );

  it("passes a typed error of the storage on [KEY-7]", async () => {
    const error = new MoorlineError("STORAGE_UNSUPPORTED", "No.");
    await expect(load(storageOf(async () => Promise.reject(error)))).rejects.toBe(error);
  });

  it("does not touch the storage for what is no server id [KEY-7]", async () => {
    const storage = storageOf(() => expect.unreachable());
    await expect(load(storage, "my-daemon")).rejects.toMatchObject({ code: "SERVER_ID_MALFORMED" });
  });

  it.each([undefined, {}, "localStorage"])("refuses %j, which is no storage [KEY-7]", async (storage) => {
    await expect(load(storage as never)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      action: expect.stringContaining("putIfAbsent"),
    });
  });

  it("makes no secret up without chance [KEY-4]", async () => {
    const broken: Random = { unit: () => 0, bytes: (length) => new Uint8Array(length) };
    const storage = storageOf(() => expect.unreachable());
    await expect(loadOrCreateSessionKey(storage, first, { random: broken })).rejects.toMatchObject({
      code: "RANDOM_FAILED",
    });
  });
});
