import { describeBugs } from "./describe-bugs.ts";
import { hostBugs } from "./host-bugs.ts";

describeBugs("hosts", hostBugs);
