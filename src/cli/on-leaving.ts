const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Has `leave` called where the program ends in the middle of what it does: by a signal, which ends it at once, so that shells
 * make 130 of an interrupt and stop what they were doing; or by an exit.
 * @param leave Says goodbye; must not wait.
 * @returns What takes it back.
 */
export function onLeaving(leave: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    release();
    try {
      leave();
    } finally {
      process.kill(process.pid, signal);
    }
  };
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, end);
    process.off("exit", leave);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  process.on("exit", leave);
  return release;
}
