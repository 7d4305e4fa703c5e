import { describeBugs } from "./describe-bugs.ts";
import { directoryBugs } from "./directory-bugs.ts";

describeBugs("directories", directoryBugs);
