const STOP_SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/** Settles at the first signal to stop. The next one ends the process at once. Spec: DAEMON-4. */
export function untilSignal(): Promise<void> {
  return new Promise((done) => {
    const end = (signal: NodeJS.Signals): void => {
      for (const one of STOP_SIGNALS) process.off(one, end);
      process.kill(process.pid, signal);
    };
    const stop = (): void => {
      for (const one of STOP_SIGNALS) {
        // There is a listener at any time: where there is none but its own, execa ends the process as it cleans up.
        process.on(one, end);
        process.off(one, stop);
      }
      done();
    };
    for (const one of STOP_SIGNALS) process.on(one, stop);
  });
}
