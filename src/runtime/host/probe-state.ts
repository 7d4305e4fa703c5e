/** Where a probe is: the state of its machine. */
export interface ProbeState {
  /** The state, by the name of its oneof member. */
  readonly state: { readonly case: string | undefined; readonly value?: unknown };
}
