import type { DemoProcesses } from "./demo-process.ts";
import type { Report } from "./report.ts";

/** What the demo works with. */
export interface DemoRig {
  /** A folder of its own. */
  readonly home: string;
  /** Its processes. */
  readonly processes: DemoProcesses;
  /** Where its findings go. */
  readonly report: Report;
}
