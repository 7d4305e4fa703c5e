import type { AuthenticateRequest, Denial, Grant } from "../../../src/server/authenticate.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { SessionPlan } from "./session-plan.ts";

/** What is known of a token. */
interface TokenFacts {
  readonly holder: string;
  /** `good`: it is taken. The others are refused. */
  standing: "good" | "expired" | "wrong";
}

/** Who is let in, and who is not, in a world. */
export class Credentials {
  /** Every token that was given out: secrets, which nobody may show. */
  readonly tokens = new Map<string, TokenFacts>();
  private readonly plan: Pick<SessionPlan, "credentials">;
  private readonly random: SimulatedRandom;
  private lifetimesMs = [3_000, 15_000, 90_000];
  /** Holders whose next tokens are refused. */
  private readonly outOfFavour = new Map<string, "expired" | "wrong">();

  constructor(plan: Pick<SessionPlan, "credentials">, random: SimulatedRandom) {
    this.plan = plan;
    this.random = random;
  }

  /** Whether clients need a token. */
  get areNeeded(): boolean {
    return this.plan.credentials !== "none";
  }

  /** Gives a holder another token. */
  issue(holder: string): string {
    const token = `SECRET-TOKEN-${this.tokens.size}`;
    this.tokens.set(token, { holder, standing: this.outOfFavour.get(holder) ?? "good" });
    return token;
  }

  /** From now on a holder gets tokens that are refused, and those that it has are refused too. */
  disfavour(holder: string, standing: "expired" | "wrong"): void {
    this.outOfFavour.set(holder, standing);
    this.spoil(holder, standing);
  }

  /** A holder gets tokens again that are taken. */
  favour(holder: string): void {
    this.outOfFavour.delete(holder);
  }

  /** Everybody gets tokens again that are taken. @param lifetimeMs How long they are good. Default: they do not expire. */
  rest(lifetimeMs: number = Number.POSITIVE_INFINITY): void {
    this.outOfFavour.clear();
    this.lifetimesMs = [lifetimeMs];
  }

  /** The tokens that a holder has expire. The next one is good. */
  spoil(holder: string, standing: "expired" | "wrong" = "expired"): void {
    for (const facts of this.tokens.values()) if (facts.holder === holder) facts.standing = standing;
  }

  /** What the credential hook of the daemon says. @param wallNowMs The wall clock of the daemon. */
  judge({ credential }: AuthenticateRequest, wallNowMs: number): Grant | Denial {
    if (!this.areNeeded) return { principal: "owner" };
    const facts = credential === undefined ? undefined : this.tokens.get(credential.token);
    if (facts === undefined || facts.standing === "wrong") return { rejected: "UNAUTHENTICATED" };
    if (facts.standing === "expired") return { rejected: "CREDENTIAL_EXPIRED" };
    const expiresAt = wallNowMs + this.random.pick(this.lifetimesMs);
    return { principal: "owner", expiresAt, credentialId: facts.holder };
  }
}
