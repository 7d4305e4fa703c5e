// Records every trace beside this file anew: the events stay, states and effects become what follows today. Read the
// difference before committing it. `node test/trace/record.ts`
import { tracePlayerOf } from "../../src/testing/trace-players.ts";
import { listTraces, readTrace, writeTrace } from "./files.ts";

for (const name of listTraces()) {
  const trace = readTrace(name);
  writeTrace(name, tracePlayerOf(trace.machine).record(trace));
}
