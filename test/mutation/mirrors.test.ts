import { describeBugs } from "./describe-bugs.ts";
import { mirrorBugs } from "./mirror-bugs.ts";

describeBugs("mirrors", mirrorBugs);
