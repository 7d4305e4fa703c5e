import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { DaemonClientOptions } from "../../../src/client/client-options.ts";
import { createDaemonClient } from "../../../src/client/daemon-client.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { SESSION_KEY } from "./support/stage.ts";

const OPTIONS: DaemonClientOptions = {
  endpoint: "ws://localhost:7420",
  sessionKey: SESSION_KEY,
  client: { name: "test", version: "1.0.0" },
};

function errorOf(options: Partial<Record<keyof DaemonClientOptions, unknown>>): MoorlineError {
  try {
    createDaemonClient({ ...OPTIONS, ...options } as DaemonClientOptions);
  } catch (error) {
    return MoorlineError.from(error);
  }
  throw new Error("nothing was thrown");
}

describe("createDaemonClient", () => {
  it.each([
    [undefined, "SESSION_KEY_MISSING"],
    [null, "SESSION_KEY_MISSING"],
    ["", "SESSION_KEY_MISSING"],
    ["too short", "SESSION_KEY_MALFORMED"],
    [`${SESSION_KEY}=`, "SESSION_KEY_MALFORMED"],
    [{ toString: () => SESSION_KEY }, "SESSION_KEY_MALFORMED"],
  ])("refuses the session key %j and says what to do [KEY-4, INV-2]", (sessionKey, code) => {
    const error = errorOf({ sessionKey });
    expect(error.code).toBe(code);
    expect(error.action).toContain("createSessionKey");
  });

  it.each([
    ["ws://daemon.example", "INSECURE_ENDPOINT"],
    ["ws://192.168.1.7:7420", "INSECURE_ENDPOINT"],
    ["http://localhost:7420", "ENDPOINT_MALFORMED"],
    ["wss://daemon.example/?key=secret", "ENDPOINT_MALFORMED"],
    ["somewhere", "ENDPOINT_MALFORMED"],
  ])("refuses the endpoint %s and opens nothing [AUTH-2]", (endpoint, code) => {
    const dialled: string[] = [];
    const dial = (to: string): never => {
      dialled.push(to);
      throw new Error("dialled");
    };
    expect(errorOf({ endpoint, transport: { name: "none", dial } }).code).toBe(code);
    expect(dialled).toEqual([]);
  });

  it.each<[keyof DaemonClientOptions, unknown, string]>([
    ["expectedServerId", "nobody", "SERVER_ID_MALFORMED"],
    ["client", undefined, "OPTION_INVALID"],
    ["client", { name: "only" }, "OPTION_INVALID"],
    ["credential", "token", "OPTION_INVALID"],
    ["credential", { bearerToken: "" }, "OPTION_INVALID"],
    ["credential", { bearerToken: "a", pairingToken: "b" }, "OPTION_INVALID"],
    ["path", 0, "OPTION_INVALID"],
    ["path", 3, "OPTION_INVALID"],
    ["limits", { initialCreditBytes: 1_023 }, "OPTION_INVALID"],
    ["limits", { initialCreditBytes: 16 * 1_048_576 + 1 }, "OPTION_INVALID"],
    ["limits", { maxCalls: 0 }, "OPTION_INVALID"],
    ["limits", { maxMessageBytes: Number.NaN }, "OPTION_INVALID"],
    ["limits", { answerTimeoutMs: -1 }, "OPTION_INVALID"],
  ])("refuses a wrong %s: %j [HELLO-7]", (name, value, code) => {
    expect(errorOf({ [name]: value }).code).toBe(code);
  });

  it("puts nothing of what it was given into an error [LOG-3]", () => {
    const secret = "NOT-TO-BE-SEEN-ANYWHERE-AT-ALL";
    const errors = [
      errorOf({ sessionKey: `${secret}!` }),
      errorOf({ endpoint: `ws://host/${secret}` }),
      errorOf({ endpoint: `wss://user:${secret}@host/` }),
      errorOf({ expectedServerId: secret }),
      errorOf({ credential: secret }),
      errorOf({ credential: { bearerToken: secret, pairingToken: secret } }),
    ];
    for (const error of errors) expect(inspect(error, { depth: 10 })).not.toContain(secret);
  });
});
