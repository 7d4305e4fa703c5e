import { fitsPattern } from "./command-policy.ts";

/** Which variables a command gets. Names may have `*` for any characters. Spec: AGENT-7. */
export interface EnvironmentPolicy {
  /**
   * What commands inherit from the daemon, where it is set. A name that looks like that of a secret (token, secret,
   * password, key, credential…) has to be written out. Default: what programs need to find their way.
   */
  readonly inherited: readonly string[];
  /** What clients may set, over what is inherited. Default: language, time zone and terminal. */
  readonly settable: readonly string[];
}

/** The lists where none are given. */
export const defaultEnvironmentPolicy: EnvironmentPolicy = {
  inherited: ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "TMPDIR", "XDG_*"],
  settable: ["LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI"],
};

const SECRET_NAME = /TOKEN|SECRET|PASSW|PASSPHRASE|KEY|CREDENTIAL|AUTH|PRIVATE|COOKIE|SESSION/i;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a client may set a variable: its name is on the list, and its value can be handed to a process. */
export function isSettable(policy: EnvironmentPolicy, name: string, value: string): boolean {
  return VARIABLE_NAME.test(name) && !value.includes("\0") && policy.settable.some((item) => fitsPattern(item, name));
}

/**
 * The whole environment of a command.
 * @param own The daemon's own variables.
 * @param added Those of the client; what it may not set is left out.
 */
export function createEnvironment(
  policy: EnvironmentPolicy,
  own: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && isInherited(policy, name)) environment[name] = value;
  }
  for (const [name, value] of Object.entries(added)) if (isSettable(policy, name, value)) environment[name] = value;
  return environment;
}

function isInherited({ inherited }: EnvironmentPolicy, name: string): boolean {
  if (inherited.includes(name)) return true;
  return !SECRET_NAME.test(name) && inherited.some((pattern) => fitsPattern(pattern, name));
}
