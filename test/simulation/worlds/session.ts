export { sessionWorld as world } from "../session/session-world.ts";
