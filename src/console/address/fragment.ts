import { parseEndpoint } from "../../client/endpoint.ts";
import { MoorlineError } from "../../client/index.ts";

/** What the console is started with: the fragment of its address, which browsers send to nobody. */
export interface ConsoleFragment {
  /** The bearer token of the daemon. Absent where there is none. */
  readonly token?: string;
  /** Where the daemon is, in its normal form. Absent where it is the origin of the page. */
  readonly server?: string;
}

/** More has no token and no address that anybody was given. */
const MAX_LENGTH = 4096;
/** The `b64token` of RFC 6750, which is what a bearer token may be. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,1024}=*$/;
const KNOWN: ReadonlySet<string> = new Set(["token", "server"]);

/** Whether a fragment names a page of the console, as `#/hosts` does, and so starts nothing. */
export function isRouteFragment(fragment: string): boolean {
  return /^#?(\/|$)/.test(fragment);
}

/**
 * Reads a fragment such as `#token=…&server=wss%3A%2F%2Fdaemon.example%2F`. Names that are not known are left out: a newer
 * daemon may say more. Errors have nothing of what was given. Spec: CONSOLE-7.
 * @param fragment With or without its `#`. One that names a page has nothing in it.
 * @throws MoorlineError FRAGMENT_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT.
 */
export function parseConsoleFragment(fragment: string): ConsoleFragment {
  if (isRouteFragment(fragment)) return {};
  if (fragment.length > MAX_LENGTH) throw malformed("is too long");
  const fields = readFields(fragment.replace(/^#/, ""));
  const token = fields.get("token");
  const server = fields.get("server");
  if (token !== undefined && !TOKEN.test(token)) throw malformed("has no well-formed token");
  return {
    ...(token === undefined ? {} : { token }),
    ...(server === undefined ? {} : { server: parseEndpoint(server).url }),
  };
}

function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const pair of text.split("&")) {
    const [, name = "", value = ""] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === "") throw malformed("has a part that is no name=value");
    if (!KNOWN.has(name)) continue;
    if (fields.has(name)) throw malformed(`has ${name} twice`);
    fields.set(name, decode(value));
  }
  return fields;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw malformed("has an encoding that cannot be read");
  }
}

function malformed(why: string): MoorlineError {
  return new MoorlineError("FRAGMENT_MALFORMED", `The part of the address behind # ${why}.`);
}
