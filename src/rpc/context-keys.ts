import { type ContextKey, createContextKey } from "@connectrpc/connect";

/**
 * What a call does while there is no connection: true (the default), it waits for one, within its deadline; false, it fails
 * at once with UNAVAILABLE and the outcome NOT_SENT. Given with the context values of the call. Spec: CALL-13.
 */
export const waitForReady: ContextKey<boolean> = createContextKey(true, { description: "moorline wait for ready" });

/**
 * Has the daemon run a unary call once under this key, and remember its outcome, so that it can be asked again: by this
 * client, which repeats such a call by itself, or by whoever has the session key. 1 to 256 characters; a new one for each
 * request. Given with the context values of the call. A server without a journal answers UNIMPLEMENTED and does not run
 * the call. Spec: CALL-14, JOURNAL.
 */
export const idempotencyKey: ContextKey<string | undefined> = createContextKey<string | undefined>(undefined, {
  description: "moorline idempotency key",
});
