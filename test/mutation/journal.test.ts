import { describeBugs } from "./describe-bugs.ts";
import { journalBugs } from "./journal-bugs.ts";

describeBugs("the journal", journalBugs);
