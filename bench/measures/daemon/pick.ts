import { type Figures, figureOf } from "../../scenes/scene.ts";

/** One figure of each round, by peer. */
export function pick(figures: ReadonlyMap<string, readonly Figures[]>, name: string): Map<string, readonly number[]> {
  return new Map([...figures].map(([peer, rounds]) => [peer, rounds.map((round) => figureOf(round, name))]));
}
