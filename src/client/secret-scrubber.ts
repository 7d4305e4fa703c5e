import { REDACTED } from "../wire/redact.ts";

/** Credentials that are remembered; older ones have expired. */
const MAX_CREDENTIALS = 8;
/** What a peer has to say is cut to this many characters. */
const MAX_TEXT_LENGTH = 512;

/**
 * Takes the session key and credentials out of text that came from somewhere else, so that a daemon that repeats what it
 * was sent brings no secret into a log. Spec: LOG-3, INV-2.
 */
export class SecretScrubber {
  private readonly sessionKey: string;
  private credentials: readonly string[] = [];

  /** @param sessionKey The key, which is taken out for ever. */
  constructor(sessionKey: string) {
    this.sessionKey = sessionKey;
  }

  /** Takes out this credential as well from now on, and the last few before it. */
  add(credential: string): void {
    if (credential === "" || this.credentials.includes(credential)) return;
    this.credentials = [credential, ...this.credentials].slice(0, MAX_CREDENTIALS);
  }

  /** The text without secrets, and not longer than 512 characters. */
  clean(text: string): string {
    const secrets = [this.sessionKey, ...this.credentials];
    return secrets.reduce((left, secret) => left.replaceAll(secret, REDACTED), text).slice(0, MAX_TEXT_LENGTH);
  }
}
