import { checkFunction, checkList, checkMethods, checkObject, checkRange, MAX_UINT32 } from "../../wire/check-given.ts";
import type { HostRuntimeOptions } from "../host-runtime.ts";
import { checkProfile } from "./profile.ts";

/** What is called on the parts of a runtime that an app may give. */
const METHODS: Partial<Record<keyof HostRuntimeOptions, readonly string[]>> = {
  transport: ["dial"],
  routes: ["serve"],
  lifecycle: ["subscribe"],
  mirrorStorage: ["load", "save", "delete", "list"],
  clock: ["now", "wallNow", "setTimer", "defer", "soon"],
  random: ["unit", "bytes"],
};
const FUNCTIONS: readonly (keyof HostRuntimeOptions)[] = ["codecs", "onTransition", "onError"];

/**
 * Checks the form of a runtime's options: what would else fail later, at the first connection, call or save.
 * @throws MoorlineError OPTION_INVALID, without the value; SERVER_ID_MALFORMED. Spec: HOST-1.
 */
export function checkHostOptions(options: HostRuntimeOptions): void {
  checkObject("options", options);
  checkProfile(options.profile);
  for (const [name, methods] of Object.entries(METHODS)) {
    const part = options[name as keyof HostRuntimeOptions];
    if (part !== undefined) checkMethods(name, part, methods);
  }
  for (const name of FUNCTIONS) if (options[name] !== undefined) checkFunction(name, options[name]);
  if (options.limits !== undefined) checkObject("limits", options.limits);
  const { interceptors = [], defaultTimeoutMs = 0 } = options;
  checkList("interceptors", interceptors);
  for (const interceptor of interceptors) checkFunction("interceptors", interceptor);
  checkRange("defaultTimeoutMs", defaultTimeoutMs, 0, MAX_UINT32);
}
