/** Probes in cycles: whatever answers is written into the snapshot, whichever cycle it belongs to. */
export class UnguardedProbes {
  snapshot: { readonly active: string; readonly roundTrips: readonly number[] } = { active: "a", roundTrips: [] };

  /** Begins a cycle. @returns What takes the answer of the other path. */
  beginProbe(): (roundTripMs: number) => void {
    return (roundTripMs) => {
      this.snapshot = {
        active: roundTripMs < 10 ? "b" : this.snapshot.active,
        roundTrips: [...this.snapshot.roundTrips, roundTripMs],
      };
    };
  }

  /** The cycle is of no use any more. Nothing holds its answers back. */
  giveUp(): void {}
}
