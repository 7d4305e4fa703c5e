import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { UpgradeRefusal } from "../transport/ws-refusal.ts";

/** Which requests may become connections. */
export interface GuardOptions {
  /** Whether everybody is let in who gets here. */
  readonly isOpenMode: boolean;
  /** Further values of `Host`: a name, for every port, or a name with a port. */
  readonly allowedHosts: readonly string[];
  /** Further values of `Origin`, such as `https://console.example`. */
  readonly allowedOrigins: readonly string[];
}

/** What a guard looks at of a request. Over HTTP/2 `host` is what `:authority` says. */
export interface GuardedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: MaybeSecureSocket;
}

/** Looks at a request before anything of it is served. @returns undefined where it may pass. */
export type HttpGuard = (request: GuardedRequest) => UpgradeRefusal | undefined;

/** A socket, with what TLS sockets say of themselves. */
type MaybeSecureSocket = Pick<Socket, "localAddress"> & { readonly encrypted?: boolean };

const PROXY_HEADER = /^(forwarded|via|x-forwarded-.*)$/;

/** Whether a host name or an address is this machine: `localhost`, `*.localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Whether a request shows signs of a proxy: the headers `Forwarded`, `Via`, `X-Forwarded-*`. */
export function isProxied(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => PROXY_HEADER.test(name));
}

/** Makes the guard of a server: against networks without encryption, proxies, DNS rebinding and foreign pages. Spec: AUTH-1, AUTH-5, AUTH-6. */
export function createHttpGuard(options: GuardOptions): HttpGuard {
  const hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(options.allowedOrigins.map(normalizeOrigin));
  return (request) => {
    const { socket } = request;
    return (
      judgeNetwork(socket, options) ??
      judgeProxy(request, options) ??
      judgeHost(request.headers.host ?? "", socket, hosts) ??
      judgeOrigin(request.headers.origin, request.headers.host ?? "", origins)
    );
  };
}

function judgeNetwork(
  { localAddress, encrypted }: MaybeSecureSocket,
  options: GuardOptions,
): UpgradeRefusal | undefined {
  // A socket without an address is one of the file system.
  if (localAddress === undefined || isLoopback(localAddress)) return undefined;
  if (encrypted !== true) return forbid("without TLS this daemon is served on loopback only");
  return options.isOpenMode ? forbid("without authentication this daemon is served on loopback only") : undefined;
}

function judgeProxy({ headers }: GuardedRequest, { isOpenMode }: GuardOptions): UpgradeRefusal | undefined {
  if (!isOpenMode || !isProxied(headers)) return undefined;
  return forbid("a daemon without authentication answers no proxied requests; give it `authenticate`");
}

function judgeHost(host: string, socket: MaybeSecureSocket, hosts: ReadonlySet<string>): UpgradeRefusal | undefined {
  const url = parseHost(host, socket);
  if (url === undefined) return { status: 400, message: "the header Host is missing or malformed" };
  if (hosts.has(host.toLowerCase()) || hosts.has(url.hostname)) return undefined;
  const name = url.hostname.replace(/^\[|\]$/g, "");
  // Only the name tells a rebound page from a caller of ours; the port is another one behind every forwarded port.
  if (isLoopback(name) || name === socket.localAddress?.replace(/^::ffff:/, "")) return undefined;
  return forbid("the header Host names another host; add it to `allowedHosts` if it is right");
}

function parseHost(host: string, { encrypted }: MaybeSecureSocket): URL | undefined {
  if (host === "" || /[/?#@\\\s]/.test(host)) return undefined;
  const text = `${encrypted === true ? "https" : "http"}://${host}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function judgeOrigin(
  origin: string | undefined,
  host: string,
  origins: ReadonlySet<string>,
): UpgradeRefusal | undefined {
  if (origin === undefined || origins.has(normalizeOrigin(origin))) return undefined;
  const isSameHost = URL.canParse(origin) && /^https?:/.test(origin) && isSame(new URL(origin), host);
  return isSameHost
    ? undefined
    : forbid("the header Origin names another site; add it to `allowedOrigins` if it is right");
}

function isSame({ protocol, host }: URL, expected: string): boolean {
  const text = `${protocol}//${expected}`;
  return URL.canParse(text) && new URL(text).host === host;
}

/**
 * An origin as origins are compared. Those of other schemes have no normal form: every one of them would be `null`, which
 * is that of sandboxed pages.
 */
export function normalizeOrigin(origin: string): string {
  return URL.canParse(origin) && /^https?:/i.test(origin) ? new URL(origin).origin : origin;
}

function forbid(message: string): UpgradeRefusal {
  return { status: 403, message };
}
