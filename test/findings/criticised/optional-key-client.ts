/** A client whose key may be left out; then it makes up an identity, and says nothing of it. */
export class OptionalKeyClient {
  readonly key: string;

  constructor({ sessionKey }: { readonly sessionKey?: unknown }) {
    this.key = typeof sessionKey === "string" && sessionKey !== "" ? sessionKey : `clt_${Math.random().toString(36)}`;
  }
}
