import { once } from "node:events";
import { openDaemon } from "../../../src/daemon/daemon.ts";
import type { StartOrder } from "./daemon-process.ts";
import { armKill } from "./kill-point.ts";

/** A daemon that waits, loaded, until it is told where to run and when to die. */
process.send?.("loaded");
const [{ stateDirectory, kill }] = (await once(process, "message")) as [StartOrder];
const daemon = await openDaemon({
  stateDirectory,
  program: { name: "crash", version: "1" },
  insecureNoAuth: true,
  interceptors: [armKill(kill)],
  logger: { warn() {}, error: (message, error) => process.stderr.write(`${message}: ${String(error)}\n`) },
});
const { endpoint } = await daemon.listen();
process.send?.({ endpoint });
