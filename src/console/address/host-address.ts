import { parseEndpoint } from "../../client/endpoint.ts";
import { MoorlineError } from "../../client/index.ts";
import { type ConsoleFragment, parseConsoleFragment } from "./fragment.ts";

/** The daemon that somebody has typed in. */
export type HostAddress = Required<Pick<ConsoleFragment, "server">> & Pick<ConsoleFragment, "token">;

/**
 * Reads the address of a daemon as people have it: an endpoint, the address of its console with the token behind it, or a
 * name and a port of this machine. Spec: CONSOLE-7.
 * @throws MoorlineError ENDPOINT_MALFORMED, INSECURE_ENDPOINT, FRAGMENT_MALFORMED. None has what was typed in.
 */
export function parseHostAddress(text: string): HostAddress {
  const [address = "", ...rest] = text.trim().split("#");
  const fragment = rest.length === 0 ? {} : parseConsoleFragment(`#${rest.join("#")}`);
  if (address === "") throw new MoorlineError("ENDPOINT_MALFORMED", "There is no address.");
  const { url } = parseEndpoint(withScheme(address).replace(/^http/, "ws"));
  return { server: url, ...(fragment.token === undefined ? {} : { token: fragment.token }) };
}

function withScheme(address: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return address;
  return /^(localhost|127\.|\[::1\])/.test(address) ? `ws://${address}` : `wss://${address}`;
}
