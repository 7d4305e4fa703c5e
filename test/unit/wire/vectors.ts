import { readFileSync } from "node:fs";

/** The vectors of docs/spec.md, area KEY. */
export interface KeyVectors {
  readonly server_id: readonly { readonly public_key_hex: string; readonly server_id: string }[];
  readonly session_key: readonly {
    readonly install_secret_hex: string;
    readonly server_id: string;
    readonly session_key: string;
  }[];
  readonly session_ref: readonly { readonly session_key: string; readonly session_ref: string }[];
  readonly session_key_syntax: { readonly valid: readonly string[]; readonly malformed: readonly string[] };
}

/** Read from test/vectors/keys.json. */
export const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/keys.json", import.meta.url), "utf8"),
) as KeyVectors;
