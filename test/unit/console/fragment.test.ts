import { describe, expect, it } from "vitest";
import { isRouteFragment, parseConsoleFragment } from "../../../src/console/address/fragment.ts";
import { parseHostAddress } from "../../../src/console/address/host-address.ts";
import { parseRoute, type Route, toFragment } from "../../../src/console/address/route.ts";
import { type TokenStorage, TokenVault } from "../../../src/console/address/token-vault.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";

const TOKEN = "token-of-a-daemon_0123456789";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, action, message } = MoorlineError.from(error);
    expect(action).not.toBe("");
    expect(message).not.toContain("secret");
    return code;
  }
  return "nothing was thrown";
}

describe("parseConsoleFragment", () => {
  it.each([
    ["", {}],
    ["#", {}],
    ["#/hosts/abc", {}],
    [`#token=${TOKEN}`, { token: TOKEN }],
    [`token=${TOKEN}`, { token: TOKEN }],
    ["#token=a%2Bb%3D", { token: "a+b=" }],
    ["#server=WSS%3A%2F%2FDaemon.Example", { server: "wss://daemon.example/" }],
    [`#server=ws://localhost:1/&token=${TOKEN}`, { server: "ws://localhost:1/", token: TOKEN }],
    [`#token=${TOKEN}&colour=blue&colour=red`, { token: TOKEN }],
  ])("reads %s [CONSOLE-7]", (fragment, expected) => {
    expect(parseConsoleFragment(fragment)).toEqual(expected);
  });

  it.each([
    ["a part without a value", "#secret", "FRAGMENT_MALFORMED"],
    ["a part without a name", "#=secret", "FRAGMENT_MALFORMED"],
    ["an encoding that is none", "#token=%zzsecret", "FRAGMENT_MALFORMED"],
    ["half a character", "#token=%ff", "FRAGMENT_MALFORMED"],
    ["an empty token", "#token=", "FRAGMENT_MALFORMED"],
    ["a token with a space", "#token=secret%20two", "FRAGMENT_MALFORMED"],
    ["a token twice", "#token=secret&token=secret", "FRAGMENT_MALFORMED"],
    ["a token that is too long", `#token=${"secret".repeat(200)}`, "FRAGMENT_MALFORMED"],
    ["too much", `#token=${"secret".repeat(700)}`, "FRAGMENT_MALFORMED"],
    ["an address that is none", "#server=secret", "ENDPOINT_MALFORMED"],
    ["an address of a page", "#server=https://secret.example", "ENDPOINT_MALFORMED"],
    ["an address with a token in it", "#server=wss://a.example/?token=secret", "ENDPOINT_MALFORMED"],
    ["another machine without TLS", "#server=ws://secret.example", "INSECURE_ENDPOINT"],
  ])("refuses %s, and does not repeat it [CONSOLE-7]", (_what, fragment, code) => {
    expect(codeOf(() => parseConsoleFragment(fragment))).toBe(code);
  });

  it("tells what names a page from what starts something", () => {
    expect(["", "#", "#/", "#/hosts", "/x"].map(isRouteFragment)).toEqual([true, true, true, true, true]);
    expect(["#token=a", "#x", "token=a/b"].map(isRouteFragment)).toEqual([false, false, false]);
  });
});

describe("parseHostAddress", () => {
  it.each([
    ["wss://daemon.example/path", { server: "wss://daemon.example/path" }],
    [" https://daemon.example ", { server: "wss://daemon.example/" }],
    ["daemon.example:8443", { server: "wss://daemon.example:8443/" }],
    ["localhost:7420", { server: "ws://localhost:7420/" }],
    ["127.0.0.1", { server: "ws://127.0.0.1/" }],
    ["[::1]:7420", { server: "ws://[::1]:7420/" }],
    [`http://127.0.0.1:7420/#token=${TOKEN}`, { server: "ws://127.0.0.1:7420/", token: TOKEN }],
  ])("reads %s", (text, expected) => {
    expect(parseHostAddress(text)).toEqual(expected);
  });

  it.each([
    ["nothing", " ", "ENDPOINT_MALFORMED"],
    ["no address", "not an address", "ENDPOINT_MALFORMED"],
    ["another scheme", "ftp://secret.example", "ENDPOINT_MALFORMED"],
    ["another machine without TLS", "http://secret.example", "INSECURE_ENDPOINT"],
    ["a malformed fragment", "wss://a.example/#token=", "FRAGMENT_MALFORMED"],
  ])("refuses %s", (_what, text, code) => {
    expect(codeOf(() => parseHostAddress(text))).toBe(code);
  });
});

describe("parseRoute", () => {
  const routes: readonly Route[] = [
    { page: "hosts" },
    { page: "host", serverId: "a-B_1" },
    { page: "agents", serverId: "a" },
    { page: "run", serverId: "a" },
    { page: "log", serverId: "a" },
    { page: "agent", serverId: "a", agentId: "b" },
  ];

  it.each(routes)("reads what names $page", (route) => {
    expect(parseRoute(toFragment(route))).toEqual(route);
  });

  it.each(["#/elsewhere", "#/hosts/a/b", "#/hosts/a/agents/b/c", "#/hosts/%2e%2e", "#/hosts/a/log/b", "#/hosts//log"])(
    "says of %s that it is missing",
    (fragment) => {
      expect(parseRoute(fragment)).toEqual({ page: "missing" });
    },
  );
});

describe("TokenVault", () => {
  const broken: TokenStorage = {
    getItem: () => {
      throw new Error("storage is switched off");
    },
    setItem: () => {
      throw new Error("the quota is used up");
    },
    removeItem: () => {
      throw new Error("storage is switched off");
    },
  };

  it("gives the token that a page was opened with to the daemon at that address, and keeps it by its id [CONSOLE-7]", () => {
    const vault = new TokenVault(undefined);
    vault.expect("ws://127.0.0.1:1/", TOKEN);
    expect(vault.find("other", ["ws://127.0.0.1:2/"])).toBeUndefined();
    expect(vault.find("mine", ["wss://far/", "ws://127.0.0.1:1/"])).toBe(TOKEN);
    expect([vault.get("mine"), vault.get("other")]).toEqual([TOKEN, undefined]);
    vault.forget("mine");
    expect(vault.find("mine", ["ws://127.0.0.1:1/"])).toBeUndefined();
  });

  it("knows which token a host has, so that it is not told of the one that it has [CONSOLE-7]", () => {
    const vault = new TokenVault(undefined);
    vault.set("mine", TOKEN);
    expect(vault.isGiven("mine", TOKEN)).toBe(false);
    vault.find("mine", []);
    expect([vault.isGiven("mine", TOKEN), vault.isGiven("other", TOKEN)]).toEqual([true, false]);
    vault.set("mine", `${TOKEN}2`);
    expect([vault.isGiven("mine", TOKEN), vault.isGiven("mine", `${TOKEN}2`)]).toEqual([true, false]);
  });

  it("keeps tokens by daemon, also for the next page of the tab, until they are forgotten [CONSOLE-7]", () => {
    const items = new Map<string, string>();
    const storage: TokenStorage = {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
    };
    new TokenVault(storage).set("ws://a/", TOKEN);
    const next = new TokenVault(storage);
    expect([next.get("ws://a/"), next.get("ws://b/")]).toEqual([TOKEN, undefined]);
    next.forget("ws://a/");
    expect([next.get("ws://a/"), items.size]).toEqual([undefined, 0]);
  });

  it.each([
    ["there is no storage", undefined],
    ["storage throws", broken],
  ] as const)("keeps them as long as the page lives where %s [CONSOLE-7]", (_what, storage) => {
    const vault = new TokenVault(storage);
    vault.set("ws://a/", TOKEN);
    expect(vault.get("ws://a/")).toBe(TOKEN);
    vault.forget("ws://a/");
    expect(vault.get("ws://a/")).toBeUndefined();
  });
});
