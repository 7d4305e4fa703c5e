/**
 * The finding: the key that names a session could be left out of a client, which then made up another one each time. The
 * session of a program was another one after each start, and nobody was told. It must be an error, at once and by name.
 */
import { describe, expect, it } from "vitest";
import { createDaemonClient } from "../../src/client/daemon-client.ts";
import { createSessionKey, type SessionKey } from "../../src/client/index.ts";
import { createProbe } from "../../src/client/probe.ts";
import { createHostRuntime } from "../../src/runtime/create-host-runtime.ts";
import { MoorlineError } from "../../src/wire/moorline-error.ts";
import { OptionalKeyClient } from "./criticised/optional-key-client.ts";
import { hostPhaseName, profile, settle } from "./support/host.ts";

type Make = (sessionKey: SessionKey) => unknown;

const client = { name: "test", version: "1.0.0" };
const endpoint = "wss://daemon.example/";
const makers: Readonly<Record<string, Make>> = {
  createDaemonClient: (sessionKey) => createDaemonClient({ endpoint, sessionKey, client }),
  createProbe: (sessionKey) => createProbe({ endpoint, sessionKey, client }),
  createHostRuntime: (sessionKey) => createHostRuntime({ profile, sessionKey, client }),
};
/** What somebody may give in the place of a key, and the code that says what is wrong with it. */
const noKeys: ReadonlyArray<readonly [value: unknown, code: string]> = [
  [undefined, "SESSION_KEY_MISSING"],
  [null, "SESSION_KEY_MISSING"],
  ["", "SESSION_KEY_MISSING"],
  ["short", "SESSION_KEY_MALFORMED"],
  ["with spaces, and long enough to be one", "SESSION_KEY_MALFORMED"],
];

/** Every way in which something can be made without a key, or says wrongly why it cannot. */
function findSilence(make: Make): string[] {
  return noKeys.flatMap(([value, code]) => {
    try {
      make(value as SessionKey);
      return [`is made with ${JSON.stringify(value)}`];
    } catch (error) {
      const isTyped = error instanceof MoorlineError && error.code === code && error.action !== "";
      return isTyped ? [] : [`says ${error} of ${JSON.stringify(value)}`];
    }
  });
}

describe("finding 1: the session key is required", () => {
  it.each(Object.entries(makers))("%s is not made without one, and says what to do [KEY-4, INV-2]", (_name, make) => {
    expect(findSilence(make)).toEqual([]);
    expect(() => make(createSessionKey())).not.toThrow();
  });

  it("ends in a state with a typed reason where the key comes later, and does not [HOST-1]", async () => {
    for (const [value] of noKeys) {
      const runtime = createHostRuntime({ profile, client, sessionKey: () => value as SessionKey });
      runtime.start();
      await settle();
      expect(hostPhaseName(runtime)).toBe("failed");
      expect(runtime.snapshot.sessionRef).toBe("");
      runtime.stop();
    }
  });

  it("does not hold for a client whose key may be left out", () => {
    const make = (sessionKey: unknown): OptionalKeyClient => new OptionalKeyClient({ sessionKey });
    expect(findSilence(make)).toHaveLength(noKeys.length);
    expect(make(undefined).key).not.toBe(make(undefined).key);
  });
});
