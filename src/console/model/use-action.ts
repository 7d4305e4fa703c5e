import { useCallback, useState } from "react";
import type { Problem } from "./console-model.ts";
import { toProblem } from "./to-problem.ts";

/** How something that was asked for is going. */
export type ActionState =
  | { readonly kind: "idle" }
  | { readonly kind: "running" }
  | { readonly kind: "failed"; readonly problem: Problem };

/** Something that can be asked for, and how that is going. */
export interface Action<Args extends readonly unknown[]> {
  readonly state: ActionState;
  /** Asks for it. Never rejects. */
  readonly run: (...args: Args) => Promise<void>;
}

/** Wraps what may fail, so that a view can show that it is under way, and why it did not go well. */
export function useAction<Args extends readonly unknown[]>(perform: (...args: Args) => Promise<void>): Action<Args> {
  const [state, setState] = useState<ActionState>({ kind: "idle" });
  const run = useCallback(
    async (...args: Args): Promise<void> => {
      setState({ kind: "running" });
      try {
        await perform(...args);
        setState({ kind: "idle" });
      } catch (error) {
        setState({ kind: "failed", problem: toProblem(error) });
      }
    },
    [perform],
  );
  return { state, run };
}
