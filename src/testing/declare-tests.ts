/** What a compliance suite needs of a test runner: Vitest, Jest, Mocha and `node:test` all have it. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** Tests by what they hold; each is given a subject of its own. */
export type Tests<Subject> = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

/** What a test is about, made anew for each one. */
export interface Disposable {
  /** Ends everything that was started for it. Default: nothing has to be. */
  close?(): void | Promise<void>;
}

/** Declares tests. @param create Makes a subject; called once per test. */
export function declareTests<Subject extends Disposable>(
  { describe, it }: TestFunctions,
  name: string,
  create: () => Subject | Promise<Subject>,
  tests: Tests<Subject>,
): void {
  describe(name, () => {
    for (const [title, test] of Object.entries(tests)) {
      it(title, async () => {
        const subject = await create();
        try {
          await test(subject);
        } finally {
          await subject.close?.();
        }
      });
    }
  });
}
