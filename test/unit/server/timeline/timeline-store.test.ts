import { testTimelineLog } from "../../../compliance/timeline-log.ts";
import { testTimelineWatch } from "../../../compliance/timeline-watch.ts";
import { createMemoryPlace, createSqlitePlace } from "./places.ts";

testTimelineLog("memory", createMemoryPlace);
testTimelineLog("SQLite", createSqlitePlace);
testTimelineWatch("memory", createMemoryPlace);
testTimelineWatch("SQLite", createSqlitePlace);
