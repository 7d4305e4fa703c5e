import { callBugs } from "./channel-bugs.ts";
import { describeBugs } from "./describe-bugs.ts";

describeBugs("calls", callBugs);
