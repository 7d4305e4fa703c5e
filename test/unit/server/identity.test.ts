import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import {
  createDaemonServer,
  createIdentity,
  loadOrCreateIdentity,
  loadOrCreateTokenFile,
  MoorlineError,
} from "../../../src/server/index.ts";
import { serverIdOf } from "../../../src/wire/server-id.ts";

const root = mkdtempSync(join(tmpdir(), "moorline-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const newPath = (): string => join(root, `${++count}`, "deep", "identity");
const program = { name: "exec", version: "1" };
const hasModes = process.platform !== "win32";

async function errorOf(promise: Promise<unknown>): Promise<MoorlineError> {
  return MoorlineError.from(
    await promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

describe("createIdentity", () => {
  it("makes an X25519 key pair whose public half is 32 bytes [KEY-1]", () => {
    const { publicKey, privateKey, ...rest } = createIdentity(program);
    expect(rest).toEqual(program);
    expect(publicKey).toHaveLength(32);
    expect(serverIdOf(publicKey)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const other = generateKeyPairSync("x25519");
    const jwk = { kty: "OKP", crv: "X25519", x: Buffer.from(publicKey).toString("base64url") };
    const rebuilt = createPublicKey({ key: jwk, format: "jwk" });
    expect(diffieHellman({ privateKey, publicKey: other.publicKey })).toEqual(
      diffieHellman({ privateKey: other.privateKey, publicKey: rebuilt }),
    );
  });

  it("is another one each time, and its key shows in no print [LOG-3]", () => {
    const identity = createIdentity(program);
    expect(createIdentity(program).publicKey).not.toEqual(identity.publicKey);
    const secret = identity.privateKey.export({ format: "jwk" }).d as string;
    expect(inspect(identity, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it("of another length makes no server [KEY-1]", () => {
    const identity = { ...createIdentity(program), publicKey: new Uint8Array(31) };
    expect(() => createDaemonServer({ identity })).toThrow(expect.objectContaining({ code: "IDENTITY_KEY_MALFORMED" }));
  });
});

describe("loadOrCreateIdentity", () => {
  it("makes it once, in a file for this user only, and keeps it [KEY-1, KEY-7]", async () => {
    const path = newPath();
    const first = await loadOrCreateIdentity(path, program);
    const second = await loadOrCreateIdentity(path, { name: "exec", version: "2" });
    expect(second.publicKey).toEqual(first.publicKey);
    expect(second.version).toBe("2");
    expect(createPrivateKey(readFileSync(path, "utf8")).asymmetricKeyType).toBe("x25519");
    expect(readdirSync(join(path, ".."))).toEqual(["identity"]);
    if (hasModes) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is the same for all who race for it [KEY-7]", async () => {
    const path = newPath();
    const identities = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateIdentity(path, program)));
    expect(new Set(identities.map(({ publicKey }) => serverIdOf(publicKey))).size).toBe(1);
    expect(readdirSync(join(path, ".."))).toEqual(["identity"]);
  });

  const { privateKey: wrongKind } = generateKeyPairSync("ed25519");
  it.each([
    ["nothing", ""],
    ["text", "hello"],
    [
      "a damaged key",
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIKsecretsecretsecret\n-----END PRIVATE KEY-----\n",
    ],
    ["a key of another kind", wrongKind.export({ type: "pkcs8", format: "pem" }).toString()],
  ])("never replaces %s: it is an error that says what to do [KEY-7, LOG-3]", async (_, text) => {
    const path = newPath();
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    const error = await errorOf(loadOrCreateIdentity(path, program));
    expect(error).toMatchObject({ code: "IDENTITY_MALFORMED", text: expect.stringContaining(path) });
    expect(error.action).toContain("backup");
    expect(inspect(error)).not.toContain("secret");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("fails where the file cannot be read or made [KEY-7]", async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    expect(await errorOf(loadOrCreateIdentity(path, program))).toMatchObject({ code: "STORAGE_FAILED" });
    const inFile = join(newPath(), "x");
    mkdirSync(join(inFile, "..", ".."), { recursive: true });
    writeFileSync(join(inFile, ".."), "a file");
    expect(await errorOf(loadOrCreateIdentity(inFile, program))).toMatchObject({ code: "STORAGE_FAILED" });
  });
});

describe("loadOrCreateTokenFile", () => {
  const request = { sessionRef: "", path: 0 as const, connection: {} };

  it("makes a token for this user only, keeps it, and accepts that one [AUTH-3]", async () => {
    const path = newPath();
    const first = await loadOrCreateTokenFile(path);
    const token = readFileSync(path, "utf8");
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    if (hasModes) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      chmodSync(path, 0o644);
    }
    const second = await loadOrCreateTokenFile(path);
    expect(readFileSync(path, "utf8")).toBe(token);
    if (hasModes) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, ".."))).toEqual(["identity"]);
    for (const hook of [first, second]) {
      expect(hook({ ...request, credential: { kind: "bearer", token } })).toEqual({ principal: "owner" });
      const wrong = { kind: "bearer", token: `${token}x` } as const;
      expect(hook({ ...request, credential: wrong })).toMatchObject({ rejected: "UNAUTHENTICATED" });
      expect(hook({ ...request, credential: undefined })).toMatchObject({ rejected: "UNAUTHENTICATED" });
    }
  });

  it("makes one token where several begin at once [AUTH-3]", async () => {
    const path = newPath();
    const hooks = await Promise.all([loadOrCreateTokenFile(path), loadOrCreateTokenFile(path)]);
    const token = readFileSync(path, "utf8");
    for (const hook of hooks) {
      expect(hook({ ...request, credential: { kind: "bearer", token } })).toEqual({ principal: "owner" });
    }
  });

  it("fails where the file cannot be read or written, or holds no token [AUTH-3]", async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    expect(await errorOf(loadOrCreateTokenFile(path))).toMatchObject({ code: "STORAGE_FAILED" });
    const short = newPath();
    mkdirSync(join(short, ".."), { recursive: true });
    writeFileSync(short, "guessable\n");
    expect(await errorOf(loadOrCreateTokenFile(short))).toMatchObject({ code: "STORAGE_FAILED" });
    expect(readFileSync(short, "utf8")).toBe("guessable\n");
    expect(await errorOf(loadOrCreateTokenFile(join(short, "token")))).toMatchObject({ code: "STORAGE_FAILED" });
  });
});
