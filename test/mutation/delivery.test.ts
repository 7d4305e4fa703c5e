import { deliveryBugs } from "./channel-bugs.ts";
import { describeBugs } from "./describe-bugs.ts";

describeBugs("delivery", deliveryBugs);
