import { describeSeeds } from "./seed-tests.ts";

await describeSeeds(2, 2);
