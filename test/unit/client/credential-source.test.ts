import { describe, expect, it } from "vitest";
import {
  type Credential,
  type CredentialAnswer,
  type CredentialCallback,
  type CredentialSource,
  createCredentialSource,
  isCredential,
} from "../../../src/client/credential.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";

/** A callback whose answers a test gives, in any order. */
function createAsker() {
  const answers: ((credential: Credential | undefined) => void)[] = [];
  const callback = (): Promise<Credential | undefined> => new Promise((resolve) => void answers.push(resolve));
  return { callback, answers };
}

function sourceOf(option: Credential | CredentialCallback | undefined, clock = new SimulatedClock()): CredentialSource {
  return createCredentialSource(option, { clock });
}

/** What a source gives, as text. */
function tokensOf(source: CredentialSource, how: "get" | "refresh" | "renew", refused?: Credential): string[] {
  const tokens: string[] = [];
  const take = (answer: CredentialAnswer): void => {
    tokens.push(answer.kind === "given" ? JSON.stringify(answer.credential ?? "none") : String(answer.error));
  };
  if (how === "get") source.get(take);
  else if (how === "renew") source.renew(take);
  else source.refresh(refused, take);
  return tokens;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("CredentialSource", () => {
  it("gives a fixed credential, or none, at once", () => {
    expect(tokensOf(sourceOf({ bearerToken: "a" }), "get")).toEqual(['{"bearerToken":"a"}']);
    expect(tokensOf(sourceOf(undefined), "get")).toEqual(['"none"']);
  });

  it("asks once for all who want it at the same time, and keeps the answer", async () => {
    const { callback, answers } = createAsker();
    const source = sourceOf(callback);
    const [first, second] = [tokensOf(source, "get"), tokensOf(source, "get")];
    answers[0]?.({ pairingToken: "a" });
    await settle();
    expect([first, second]).toEqual([['{"pairingToken":"a"}'], ['{"pairingToken":"a"}']]);
    expect(tokensOf(source, "get")).toEqual(['{"pairingToken":"a"}']);
    expect(answers).toHaveLength(1);
  });

  it("keeps what the later run of the callback gave, whichever answers last [RUN-4, INV-8]", async () => {
    const { callback, answers } = createAsker();
    const source = sourceOf(callback);
    tokensOf(source, "get");
    source.invalidate();
    tokensOf(source, "get");
    answers[1]?.({ bearerToken: "new" });
    answers[0]?.({ bearerToken: "old" });
    await settle();
    expect(tokensOf(source, "get")).toEqual(['{"bearerToken":"new"}']);
  });

  it("asks again once the credential was refused, but a fixed one stays what it is [RETRY-5]", async () => {
    const { callback, answers } = createAsker();
    const source = sourceOf(callback);
    tokensOf(source, "get");
    answers[0]?.({ bearerToken: "refused" });
    await settle();
    source.forget({ bearerToken: "refused" });
    tokensOf(source, "get");
    expect(answers).toHaveLength(2);
    const fixed = sourceOf({ bearerToken: "fixed" });
    fixed.forget({ bearerToken: "fixed" });
    fixed.invalidate();
    expect(tokensOf(fixed, "get")).toEqual(['{"bearerToken":"fixed"}']);
  });

  it("asks once for all whose credential was refused, whoever hears of it first or last [RETRY-6]", async () => {
    const { callback, answers } = createAsker();
    const source = sourceOf(callback);
    const old = { bearerToken: "old" };
    tokensOf(source, "get");
    answers[0]?.(old);
    await settle();
    source.forget(old);
    const first = tokensOf(source, "refresh", old);
    source.forget(old);
    const second = tokensOf(source, "refresh", old);
    answers[1]?.({ bearerToken: "new" });
    await settle();
    source.forget(old);
    const third = tokensOf(source, "refresh", old);
    expect([first, second, third]).toEqual(Array(3).fill(['{"bearerToken":"new"}']));
    expect(answers).toHaveLength(2);
  });

  it("asks again where none was given and none is refused [RETRY-6]", async () => {
    const { callback, answers } = createAsker();
    const source = sourceOf(callback);
    tokensOf(source, "get");
    answers[0]?.(undefined);
    await settle();
    source.forget(undefined);
    tokensOf(source, "get");
    expect(answers).toHaveLength(2);
  });

  it("gives up after 60 s, drops what comes later, and asks again when it is asked [RETRY-6, RUN-4]", async () => {
    const { callback, answers } = createAsker();
    const clock = new SimulatedClock();
    const source = sourceOf(callback, clock);
    const tokens = tokensOf(source, "get");
    await clock.advanceAsync(59_999);
    expect(tokens).toEqual([]);
    await clock.advanceAsync(1);
    expect(tokens[0]).toContain("CALLBACK_TIMED_OUT");
    answers[0]?.({ bearerToken: "late" });
    await settle();
    const next = tokensOf(source, "get");
    answers[1]?.({ bearerToken: "in time" });
    await settle();
    expect(next).toEqual(['{"bearerToken":"in time"}']);
    expect(clock.pending).toBe(0);
  });

  it("gives the callback as long as is said, from 1 ms on [RETRY-6]", async () => {
    const clock = new SimulatedClock();
    const source = createCredentialSource(createAsker().callback, { clock, callbackTimeoutMs: 1_000 });
    const tokens = tokensOf(source, "get");
    await clock.advanceAsync(1_000);
    expect(tokens[0]).toContain("within 1 s");
    expect(() => createCredentialSource(undefined, { callbackTimeoutMs: 0 })).toThrow("OPTION_INVALID");
  });

  it("fails to refresh where there is no callback, or it gives none [RETRY-5]", async () => {
    expect(tokensOf(sourceOf({ bearerToken: "a" }), "refresh")[0]).toContain("no callback");
    const { callback, answers } = createAsker();
    const tokens = tokensOf(sourceOf(callback), "refresh");
    answers[0]?.(undefined);
    await settle();
    expect(tokens[0]).toContain("gave none");
  });
});

describe("CredentialSource: renewing", () => {
  const OLD = '{"bearerToken":"old"}';
  const NEW = '{"bearerToken":"new"}';

  async function createKnown() {
    const asker = createAsker();
    const source = sourceOf(asker.callback);
    tokensOf(source, "get");
    asker.answers[0]?.({ bearerToken: "old" });
    await settle();
    return { source, answers: asker.answers };
  }

  it("gives the present one until there is another, and asks once for all [RETRY-6, RETRY-7]", async () => {
    const { source, answers } = await createKnown();
    const [first, second] = [tokensOf(source, "renew"), tokensOf(source, "renew")];
    expect(tokensOf(source, "get")).toEqual([OLD]);
    answers[1]?.({ bearerToken: "new" });
    await settle();
    expect([first, second, tokensOf(source, "get")]).toEqual([[NEW], [NEW], [NEW]]);
    expect(answers).toHaveLength(2);
  });

  it("keeps the present one where there is no other [RETRY-7]", async () => {
    const { source, answers } = await createKnown();
    const tokens = tokensOf(source, "renew");
    answers[1]?.(undefined);
    await settle();
    expect(tokens[0]).toContain("gave none");
    expect(tokensOf(source, "get")).toEqual([OLD]);
    tokensOf(source, "renew");
    expect(answers).toHaveLength(3);
  });

  it("has a refusal meanwhile wait for the same answer [RETRY-6, RETRY-7]", async () => {
    const { source, answers } = await createKnown();
    const renewed = tokensOf(source, "renew");
    const refreshed = tokensOf(source, "refresh", { bearerToken: "old" });
    expect(refreshed).toEqual([]);
    answers[1]?.({ bearerToken: "new" });
    await settle();
    expect([renewed, refreshed]).toEqual([[NEW], [NEW]]);
    expect(answers).toHaveLength(2);
  });

  it("takes what was asked later where somebody has signed in meanwhile [RETRY-6, INV-8]", async () => {
    const { source, answers } = await createKnown();
    const renewed = tokensOf(source, "renew");
    source.invalidate();
    answers[1]?.({ bearerToken: "before" });
    await settle();
    expect(renewed).toEqual([]);
    answers[2]?.({ bearerToken: "new" });
    await settle();
    expect([renewed, tokensOf(source, "get")]).toEqual([[NEW], [NEW]]);
  });

  it("has none to ask where it is fixed", () => {
    const source = sourceOf({ bearerToken: "fixed" });
    expect(source.isRenewable).toBe(false);
    expect(tokensOf(source, "renew")[0]).toContain("no callback");
  });
});

describe("isCredential", () => {
  it.each([
    undefined,
    null,
    "token",
    7,
    {},
    { bearerToken: "" },
    { bearerToken: 7 },
    { bearerToken: "a", pairingToken: "b" },
  ])("refuses %j", (value) => expect(isCredential(value)).toBe(false));

  it.each([{ bearerToken: "a" }, { pairingToken: "a" }])("takes %j", (value) => expect(isCredential(value)).toBe(true));
});
