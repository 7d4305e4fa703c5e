import { describe, expect, it } from "vitest";
import { createSessionKey, loadOrCreateSessionKey } from "../../../src/client/session-key.ts";
import type { Random } from "../../../src/core/random.ts";
import { createMemoryStorage } from "../../../src/wire/key-storage.ts";
import { parseSessionKey } from "../../../src/wire/session-key.ts";

const serverId = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0";
const fixed: Random = { unit: () => 0, bytes: (length) => new Uint8Array(length).fill(7) };

describe("createSessionKey of the client door", () => {
  it("makes another key each time, by the machine's chance [KEY-5]", () => {
    const keys = Array.from({ length: 100 }, () => createSessionKey());
    expect(new Set(keys).size).toBe(100);
    for (const key of keys) expect(parseSessionKey(key)).toBe(key);
  });

  it("takes another source of chance", () => {
    expect(createSessionKey(fixed)).toBe(createSessionKey(fixed));
  });
});

describe("loadOrCreateSessionKey of the client door", () => {
  it("keeps one install secret, by the machine's chance [KEY-6]", async () => {
    const storage = createMemoryStorage();
    const key = await loadOrCreateSessionKey(storage, serverId);
    expect(await loadOrCreateSessionKey(storage, serverId)).toBe(key);
    expect(await loadOrCreateSessionKey(createMemoryStorage(), serverId)).not.toBe(key);
  });

  it("takes another source of chance", async () => {
    const load = () => loadOrCreateSessionKey(createMemoryStorage(), serverId, { random: fixed });
    expect(await load()).toBe(await load());
  });
});
