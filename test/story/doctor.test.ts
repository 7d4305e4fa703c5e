import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Finding,
  Reason,
  ReasonSchema,
  ResultSchema,
  Step,
  StepSchema,
} from "../../gen/moorline/doctor/v1/doctor_pb.ts";
import { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { createGoAway } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { examine, exitCodeOf } from "../../src/cli/doctor/examine.ts";
import type { DoctorInput } from "../../src/cli/doctor/visit.ts";
import { acceptToken, createIdentity } from "../../src/server/index.ts";
import { serverIdOf } from "../../src/wire/server-id.ts";
import {
  describe as describeAs,
  type Fake,
  fakeDaemon,
  fakeHttp,
  fakeProxy,
  fakeTcp,
  helloAnswer,
  packet,
} from "../support/doctor-fakes.ts";
import { echoOf, type PortOptions, stagePort, withKey } from "../support/port-stage.ts";
import { createSelfSigned } from "../support/self-signed.ts";
import { CLOSED_PORT } from "../support/socket-harness.ts";

const TOKEN = "the-token-of-the-daemon";
const KEY = "a-session-key-of-the-doctor_01";
const closers: Array<() => unknown> = [];
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "moorline-doctor-"));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started<T extends { close(): unknown }>(starting: Promise<T>): Promise<T> {
  const made = await starting;
  closers.push(() => made.close());
  return made;
}

const stage = (options?: PortOptions) => started(stagePort(options));
const on = ({ port }: { readonly port: number }, scheme = "ws"): string => `${scheme}://127.0.0.1:${port}`;

/** Writes a file for its owner alone. */
function write(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  writeFileSync(path, text, { mode });
  return path;
}

/** A full examination. There is no token file, unless one is named. */
async function findAll(endpoint: string, input: Partial<DoctorInput> = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  const named = { sessionKeyFile: undefined, serverId: undefined, timeoutMs: 30_000, tokenFile: write("t", TOKEN) };
  for await (const finding of examine({ endpoint, ...named, ...input })) findings.push(finding);
  return findings;
}

/** How each step went that was not OK: `STEP RESULT`, and its reason. */
function troublesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ step, result, reason }) => {
    const [stepName, name] = [StepSchema.value[step]?.localName, ResultSchema.value[result]?.localName];
    if (name === "OK" || name === "SKIPPED") return [];
    return [`${stepName} ${name} ${ReasonSchema.value[reason]?.localName}`];
  });
}

const skippedOf = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ step, result }) => (result === 4 ? [StepSchema.value[step]?.localName ?? ""] : []));
const find = (findings: readonly Finding[], step: Step): Finding =>
  findings.find((finding) => finding.step === step) as Finding;
const afterTcp = ["TLS", "HTTP", "DAEMON", "WEB_SOCKET", "HELLO", "PING", "CONNECT", "GRPC"];

describe("moorline doctor at a daemon that is well", () => {
  it("takes every step, touches no session and makes no file [DOCTOR-1, DOCTOR-2, INV-7]", async () => {
    const { server, endpoint } = await stage({ authenticate: acceptToken(TOKEN) });
    const sessionKeyFile = join(home, "not-yet");
    const findings = await findAll(endpoint, { sessionKeyFile, serverId: server.serverId });
    expect(findings.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect([troublesOf(findings), skippedOf(findings), exitCodeOf(findings)]).toEqual([[], ["TLS"], 0]);
    expect(find(findings, Step.DAEMON).message).toContain(server.serverId);
    expect(find(findings, Step.PING).message).toMatch(/5 round trips with 16 KiB, median \d+\.\d ms/);
    expect([server.sessions.list(), server.metrics.channels]).toEqual([[], { attached: 0, detached: 0 }]);
    expect(existsSync(sessionKeyFile)).toBe(false);
  });

  it("warns where gRPC does not get through, which clients do not need [DOCTOR-1]", async () => {
    const application = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
    closers.push(() => application.close());
    const { server } = await stage();
    server.attach(application, { path: "/moorline" });
    const { port } = application.address() as AddressInfo;
    const findings = await findAll(`ws://127.0.0.1:${port}/moorline`);
    expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([["GRPC WARNING CALL_FAILED"], 0]);
  });
});

describe("moorline doctor: files of this machine", () => {
  it("warns of files that others may read, and goes on [DOCTOR-1]", async () => {
    const { endpoint } = await stage({ authenticate: acceptToken(TOKEN) });
    const files = { sessionKeyFile: write("key", KEY, 0o644), tokenFile: write("token", TOKEN, 0o640) };
    const findings = await findAll(endpoint, files);
    expect(troublesOf(findings)).toEqual(["SESSION_KEY WARNING FILE_OPEN", "TOKEN WARNING FILE_OPEN"]);
    expect([find(findings, Step.TOKEN).message, exitCodeOf(findings)]).toEqual([
      `${files.tokenFile} has the mode 0640`,
      0,
    ]);
  });

  it.each([
    ["a session key file that is none", { sessionKeyFile: "bad-key" }, "SESSION_KEY FAILED FILE_MALFORMED"],
    ["a session key file that cannot be read", { sessionKeyFile: "." }, "SESSION_KEY FAILED FILE_UNREADABLE"],
    ["a token file that is missing", { tokenFile: "no-such-file" }, "TOKEN FAILED FILE_UNREADABLE"],
    ["a token file that is empty", { tokenFile: "empty" }, "TOKEN FAILED FILE_UNREADABLE"],
  ])("finds %s, and takes all steps that need none [DOCTOR-1]", async (_, files, trouble) => {
    write("bad-key", "too short");
    write("empty", "\n");
    const named = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(home, file)]));
    const findings = await findAll((await stage()).endpoint, named);
    expect([troublesOf(findings), skippedOf(findings)]).toEqual([[trouble], ["TLS", "HELLO", "PING"]]);
    expect(exitCodeOf(findings)).toBe(2);
  });
});

describe("moorline doctor: on the way to a port", () => {
  it.each([
    ["ws://daemon.example:7420", "ENDPOINT FAILED ENDPOINT_INSECURE"],
    ["somewhere", "ENDPOINT FAILED ENDPOINT_MALFORMED"],
    ["http://localhost", "ENDPOINT FAILED ENDPOINT_MALFORMED"],
  ])("finds an address that must not, or cannot, be dialled: %s [DOCTOR-1, AUTH-2]", async (endpoint, trouble) => {
    const findings = await findAll(endpoint);
    expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([[trouble], 2]);
    expect(skippedOf(findings)).toEqual(["NAME", "TCP", ...afterTcp]);
    expect(find(findings, Step.ENDPOINT).action).not.toBe("");
  });

  it("finds a name that nobody has [DOCTOR-1]", async () => {
    const findings = await findAll("wss://nobody.invalid");
    // Which of the two depends on the network of this machine.
    expect(troublesOf(findings)[0]).toMatch(/^NAME FAILED (NAME_UNKNOWN|NAME_SERVICE_FAILED)$/);
    expect([skippedOf(findings), exitCodeOf(findings)]).toEqual([["TCP", ...afterTcp], 120]);
  });

  it("finds a port at which nobody listens [DOCTOR-1]", async () => {
    const findings = await findAll(on({ port: CLOSED_PORT }));
    expect([troublesOf(findings), skippedOf(findings)]).toEqual([["TCP FAILED PORT_CLOSED"], afterTcp]);
    expect([find(findings, Step.TCP).action, exitCodeOf(findings)]).toEqual([
      "Start the daemon, or correct the port.",
      120,
    ]);
  });

  it("finds a certificate that nobody has signed [DOCTOR-1]", async () => {
    const findings = await findAll(on(await stage({ where: { tls: createSelfSigned() } }), "wss"));
    expect(troublesOf(findings)).toEqual(["TLS FAILED CERTIFICATE_UNTRUSTED"]);
    expect(find(findings, Step.TLS).action).toContain("NODE_EXTRA_CA_CERTS");
    expect([skippedOf(findings), exitCodeOf(findings)]).toEqual([afterTcp.slice(1), 120]);
  });

  it("finds TLS where none is asked for, and none where it is [DOCTOR-1]", async () => {
    const withTls = await stage({ where: { tls: createSelfSigned() } });
    expect(troublesOf(await findAll(on(withTls)))).toEqual(["HTTP FAILED CLOSED_WITHOUT_ANSWER"]);
    expect(troublesOf(await findAll(on(await stage(), "wss")))).toEqual(["TLS FAILED TLS_MISSING"]);
  });
});

describe("moorline doctor: what speaks at the port", () => {
  it.each([
    ["ws", "HTTP FAILED NO_ANSWER"],
    ["wss", "TLS FAILED NO_ANSWER"],
  ])("gives up on what never answers %s:// [DOCTOR-3]", async (scheme, trouble) => {
    const silent = await started(fakeTcp(() => {}));
    const findings = await findAll(on(silent, scheme), { timeoutMs: 200 });
    expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([[trouble], 120]);
  });

  it.each([
    ["an SSH server", (socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"), "HTTP FAILED NOT_HTTP"],
    ["an echo", (socket) => socket.pipe(socket), "HTTP FAILED NOT_HTTP"],
    ["bytes of any kind", (socket) => socket.write(Buffer.from([0, 1, 27, 91, 51, 49, 109])), "HTTP FAILED NOT_HTTP"],
    ["what closes at once", (socket) => socket.end(), "HTTP FAILED CLOSED_WITHOUT_ANSWER"],
  ] as ReadonlyArray<[string, Parameters<typeof fakeTcp>[0], string]>)(
    "tells %s from a daemon [DOCTOR-1]",
    async (_, serve, trouble) => {
      const findings = await findAll(on(await started(fakeTcp(serve))));
      expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([[trouble], 120]);
      expect(find(findings, Step.HTTP).message).not.toMatch(/\p{Cc}/u);
    },
  );

  it.each([
    [404, "no such page", "DAEMON FAILED NOT_MOORLINE", "WEB_SOCKET FAILED UPGRADE_REFUSED", 120],
    [200, "<html>", "DAEMON FAILED NOT_MOORLINE", "WEB_SOCKET FAILED UPGRADE_REFUSED", 120],
    [301, "", "DAEMON FAILED NOT_MOORLINE", "WEB_SOCKET FAILED UPGRADE_REFUSED", 120],
    [403, "not you", "DAEMON FAILED REQUEST_REFUSED", "WEB_SOCKET FAILED REQUEST_REFUSED", 121],
    [502, "bad gateway", "DAEMON FAILED GATEWAY_FAILED", "WEB_SOCKET FAILED GATEWAY_FAILED", 120],
  ])(
    "tells an HTTP server that answers with %s from a daemon [DOCTOR-1]",
    async (status, text, daemon, socket, code) => {
      const other = await started(fakeHttp((_request, response) => response.writeHead(status).end(text)));
      const findings = await findAll(on(other));
      expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([[daemon, socket], code]);
      expect(find(findings, Step.DAEMON).message).toContain(`${status}`);
    },
  );

  it("tells another WebSocket server from a daemon, and says no secret to it [DOCTOR-1, DOCTOR-2]", async () => {
    let said = "";
    const other = await started(
      fakeTcp((socket) => {
        socket.on("data", (chunk) => {
          said += chunk.toString("latin1");
          const isUpgrade = chunk.toString("latin1").startsWith("GET");
          if (isUpgrade)
            socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
          else socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        });
      }),
    );
    const findings = await findAll(on(other), { sessionKeyFile: write("key", KEY) });
    expect(troublesOf(findings)).toEqual(["DAEMON FAILED NOT_MOORLINE", "WEB_SOCKET FAILED NOT_MOORLINE"]);
    expect(said).toContain("SessionService/Describe");
    expect([said.includes(TOKEN), said.includes(KEY)]).toEqual([false, false]);
  });

  it("finds a daemon without authentication behind a proxy, with what that one says [DOCTOR-1, AUTH-5]", async () => {
    const { port } = await stage();
    const findings = await findAll(on(await started(fakeProxy(port))));
    expect(troublesOf(findings)[0]).toBe("DAEMON FAILED REQUEST_REFUSED");
    expect(find(findings, Step.DAEMON).message).toContain("answers no proxied requests");
    expect(exitCodeOf(findings)).toBe(121);
  });

  it("finds a proxy that passes no upgrades on [DOCTOR-1]", async () => {
    const { port } = await stage({ authenticate: acceptToken(TOKEN) });
    const findings = await findAll(on(await started(fakeProxy(port))));
    expect(troublesOf(findings)).toEqual(["WEB_SOCKET FAILED UPGRADE_REFUSED", "GRPC WARNING CALL_FAILED"]);
  });

  it("finds a daemon that cannot be whom it says, or speaks another protocol [DOCTOR-1, VER-1]", async () => {
    const foreign = serverIdOf(createIdentity({ name: "x", version: "1" }).publicKey);
    const liar = await started(fakeDaemon(() => "no hello", describeAs({ serverId: foreign })));
    expect(troublesOf(await findAll(on(liar)))[0]).toBe("DAEMON FAILED IDENTITY_FALSE");
    const newer = await started(fakeDaemon(() => "no hello", describeAs({ protocol: { min: 7, max: 9 } })));
    const findings = await findAll(on(newer));
    expect(troublesOf(findings)[0]).toBe("DAEMON FAILED PROTOCOL_UNSUPPORTED");
    expect(find(findings, Step.DAEMON)).toMatchObject({
      closeCode: CloseCode.PROTOCOL_UNSUPPORTED,
      verdict: RetryVerdict.STOP,
    });
  });
});

describe("moorline doctor: the hello", () => {
  it("finds a wrong token, with the code, the verdict and what to do [DOCTOR-1, AUTH-4]", async () => {
    const { endpoint } = await stage({ authenticate: acceptToken(TOKEN) });
    const findings = await findAll(endpoint, { tokenFile: write("wrong", "wrong") });
    expect([troublesOf(findings), exitCodeOf(findings)]).toEqual([["HELLO FAILED REJECTED"], 121]);
    expect(find(findings, Step.HELLO)).toMatchObject({
      closeCode: CloseCode.UNAUTHENTICATED,
      verdict: RetryVerdict.ASK_USER,
      message: expect.stringMatching(/^UNAUTHENTICATED \(ASK_USER\): /),
      action: expect.stringContaining("--token-file"),
    });
    expect(skippedOf(findings)).toEqual(["TLS", "PING"]);
  });

  it("finds another daemon than the one that is meant [DOCTOR-1]", async () => {
    const serverId = serverIdOf(createIdentity({ name: "other", version: "1" }).publicKey);
    const findings = await findAll((await stage()).endpoint, { serverId });
    expect(troublesOf(findings)).toEqual(["DAEMON FAILED WRONG_SERVER", "HELLO FAILED REJECTED"]);
    expect(find(findings, Step.HELLO).closeCode).toBe(CloseCode.WRONG_SERVER);
    expect(exitCodeOf(findings)).toBe(121);
  });

  it("finds a daemon that drains [DOCTOR-1, DRAIN-1]", async () => {
    let release = (): void => {};
    const released = new Promise<object>((resolve) => {
      release = () => resolve({});
    });
    const daemon = await stage({ echo: { say: () => released } });
    const running = echoOf(daemon, "connect-1").say({}, withKey());
    await expect.poll(() => daemon.server.sessions.list().length).toBe(1);
    const drained = daemon.server.drain();
    const findings = await findAll(daemon.endpoint);
    release();
    await Promise.all([running, drained]);
    expect(troublesOf(findings)).toEqual([
      "HELLO FAILED REJECTED",
      "CONNECT FAILED NOT_SERVING",
      "GRPC FAILED NOT_SERVING",
    ]);
    expect([find(findings, Step.HELLO).closeCode, exitCodeOf(findings)]).toEqual([CloseCode.DAEMON_DRAINING, 121]);
  });

  it.each([
    ["that is never answered", () => undefined, "HELLO FAILED NO_ANSWER"],
    ["that is answered by text", () => "welcome!", "HELLO FAILED CONNECTION_BROKEN"],
    ["that is answered by no packet", () => new Uint8Array([255, 255]), "HELLO FAILED CONNECTION_BROKEN"],
    [
      "that is refused for a reason of the future",
      () => helloAnswer({ case: "rejection", value: { code: 4477, message: `no, ${TOKEN}` } } as never),
      "HELLO FAILED REJECTED",
    ],
    [
      "that is followed by a farewell",
      () => packet({ case: "goAway", value: createGoAway({ code: 4110 }) }),
      "HELLO FAILED REJECTED",
    ],
  ] as ReadonlyArray<[string, Parameters<typeof fakeDaemon>[0], string]>)(
    "finds one %s, and tells no secret [DOCTOR-1, DOCTOR-2, DOCTOR-3, LOG-3]",
    async (_, answer, trouble) => {
      const findings = await findAll(on(await started<Fake>(fakeDaemon(answer))), { timeoutMs: 2_000 });
      expect(troublesOf(findings)[0]).toBe(trouble);
      expect(findings.map(({ message }) => message).join()).not.toContain(TOKEN);
    },
  );

  it("finds a path that loses large packets [DOCTOR-1, PROBE-2]", async () => {
    const welcome = helloAnswer({ case: "welcome", value: { protocol: 1, server: { name: "fake" } } } as never);
    const hole = await started(fakeDaemon((body) => (body.case === "hello" ? welcome : undefined)));
    const findings = await findAll(on(hole), { timeoutMs: 2_000 });
    expect(troublesOf(findings)[0]).toBe("PING FAILED LARGE_PACKETS_LOST");
    expect(find(findings, Step.PING).reason).toBe(Reason.LARGE_PACKETS_LOST);
  });
});
