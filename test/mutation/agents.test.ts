import { agentBugs } from "./agent-bugs.ts";
import { describeBugs } from "./describe-bugs.ts";

describeBugs("agents", agentBugs);
