import { describeSeeds } from "./seed-tests.ts";

await describeSeeds(1, 2);
