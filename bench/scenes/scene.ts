/** What an act is told, and what it says: numbers by their names. */
export type Figures = Readonly<Record<string, number>>;

/** What one end of a scene can be asked to do, by name. */
export type Acts = Readonly<Record<string, (parameters: Figures) => Promise<Figures> | Figures>>;

/** The server of a scene. */
export interface SceneServer {
  /** Where it listens. */
  readonly port: number;
  /** What it can be asked to do. */
  readonly acts: Acts;
}

/** Something that a daemon does for its clients, done by one peer: more than messages that go from here to there. */
export interface Scene {
  /** Starts the server on the loopback interface. */
  serve(): Promise<SceneServer>;
  /** Connects a client. @returns What it can be asked to do. */
  dial(port: number): Promise<Acts>;
}

/** Nothing to say. */
export const NOTHING: Figures = {};

/** The figure of a name. @throws Error where there is none. */
export function figureOf(figures: Figures, name: string): number {
  const figure = figures[name];
  if (figure === undefined) throw new Error(`there is no figure ${name}`);
  return figure;
}

/** Microseconds of a clock that all processes of the machine share. */
export function sharedMicros(): number {
  return Number(process.hrtime.bigint() / 10n) / 100;
}
