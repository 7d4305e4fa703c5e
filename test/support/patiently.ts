/** How long `expect.poll` waits for something that a process has to do, on a machine that is busy. */
export const patiently = { timeout: 15_000 };
