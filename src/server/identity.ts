import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MoorlineError } from "../wire/moorline-error.ts";
import { nodeError } from "../wire/node-error.ts";
import { createPrivateFile, errorCodeOf, FILE_EXISTS } from "./private-file.ts";

/** Who a daemon is. */
export interface Identity {
  /** The 32 raw bytes of its X25519 public key. Their fingerprint is the server id. Spec: KEY-1. */
  readonly publicKey: Uint8Array;
  /** What proves the identity. Needed by encryption and relays only. A secret, which no log shows. */
  readonly privateKey?: KeyObject;
  /** The program, for example `exec`. */
  readonly name: string;
  /** The version of the program. */
  readonly version: string;
}

/** What a program says of itself. */
export type ProgramInfo = Pick<Identity, "name" | "version">;

const PUBLIC_KEY_BYTES = 32;

/** A new identity, of a fresh X25519 key pair. It names the daemon only as long as the caller keeps it. */
export function createIdentity(program: ProgramInfo): Identity & { readonly privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync("x25519");
  return identityOf(privateKey, program);
}

/**
 * The identity that is kept in a file (PKCS #8 as PEM, mode 0600), made there at the first call. Processes that race get
 * the same one.
 * @throws MoorlineError STORAGE_FAILED where the file cannot be read or written, IDENTITY_MALFORMED where it holds
 *   something else. Nothing is replaced then: with another identity no client would know the daemon again.
 */
export async function loadOrCreateIdentity(path: string, program: ProgramInfo): Promise<Identity> {
  const stored = await readIfThere(path);
  if (stored !== undefined) return parseIdentity(stored, path, program);
  const fresh = createIdentity(program);
  try {
    await createPrivateFile(path, toPem(fresh.privateKey));
    return fresh;
  } catch (error) {
    const winner = errorCodeOf(error) === FILE_EXISTS ? await readIfThere(path) : undefined;
    if (winner !== undefined) return parseIdentity(winner, path, program);
    throw storageFailed(path, error);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw storageFailed(path, error);
  }
}

function storageFailed(path: string, cause: unknown): MoorlineError {
  return new MoorlineError("STORAGE_FAILED", `The identity file ${path} cannot be read or written.`, { cause });
}

function toPem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function parseIdentity(text: string, path: string, program: ProgramInfo): Identity {
  const privateKey = parseKey(text);
  if (privateKey?.asymmetricKeyType === "x25519") return identityOf(privateKey, program);
  throw nodeError("IDENTITY_MALFORMED", `The file ${path} holds no X25519 private key.`);
}

/** The cause of a failure is left out: it may quote the key. */
function parseKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function identityOf(
  privateKey: KeyObject,
  { name, version }: ProgramInfo,
): Identity & { readonly privateKey: KeyObject } {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  // The key is the tail of its encoding, behind a header of fixed length.
  return { publicKey: Uint8Array.from(spki.subarray(-PUBLIC_KEY_BYTES)), privateKey, name, version };
}
