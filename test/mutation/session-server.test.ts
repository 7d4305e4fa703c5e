import { describeBugs } from "./describe-bugs.ts";
import { serverBugs } from "./session-bugs.ts";

describeBugs("sessions at the server", serverBugs);
