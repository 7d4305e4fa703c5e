import { describeBugs } from "./describe-bugs.ts";
import { clientBugs } from "./session-bugs.ts";

describeBugs("sessions at the client", clientBugs);
