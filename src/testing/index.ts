/** The door of what tests of Moorline, and of programs that use it, are made of. Never imported by production code. */
export { SimulatedClock, type SimulatedClockOptions } from "./simulated-clock.ts";
export { SimulatedRandom } from "./simulated-random.ts";
