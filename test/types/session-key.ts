import type { ServerId } from "../../src/wire/server-id.ts";
import type { SessionKey } from "../../src/wire/session-key.ts";
import { parseSessionKey } from "../../src/wire/session-key.ts";
import { sessionRefOf } from "../../src/wire/session-ref.ts";

const key: SessionKey = parseSessionKey("abcdefghijklmnopqrstuv");

/** A session key is a string wherever one is wanted. */
export const text: string = key;

/** The log name of a session key. */
export const ref: string = sessionRefOf(key);

// @ts-expect-error No string is a session key, however well it is formed.
export const fromString: SessionKey = "abcdefghijklmnopqrstuv";

// @ts-expect-error Nor does a function that wants one take it.
export const refOfString: string = sessionRefOf("abcdefghijklmnopqrstuv");

// @ts-expect-error A session key is no server id.
export const serverId: ServerId = key;

// @ts-expect-error Nor the other way round.
export const fromServerId: SessionKey = serverId;

// @ts-expect-error No key is not a key.
export const missing: SessionKey = undefined;
