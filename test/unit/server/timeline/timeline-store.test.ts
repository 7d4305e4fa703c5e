import { testTimelineLog } from "../../../compliance/timeline-log.ts";
import { createMemoryPlace, createSqlitePlace } from "./places.ts";

testTimelineLog("memory", createMemoryPlace);
testTimelineLog("SQLite", createSqlitePlace);
