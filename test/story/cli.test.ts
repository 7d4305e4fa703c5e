import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromJsonString } from "@bufbuild/protobuf";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FindingSchema } from "../../gen/moorline/doctor/v1/doctor_pb.ts";
import { fakeTcp } from "../support/doctor-fakes.ts";
import { type StartedDaemon, startDaemon } from "../support/moorline-command.ts";
import { stagePort } from "../support/port-stage.ts";
import { createSelfSigned } from "../support/self-signed.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("moorline ping and doctor", () => {
  const home = mkdtempSync(join(tmpdir(), "moorline-cli-"));
  let daemon: StartedDaemon;
  let reached: string[];

  beforeAll(async () => {
    daemon = await startDaemon(home);
    reached = [...daemon.reached, "--session-key-file", join(home, "key")];
  });

  afterAll(async () => {
    daemon.command.kill("SIGTERM");
    await daemon.command;
    rmSync(home, { recursive: true, force: true });
  });

  // The state of the user who runs the tests is none of theirs.
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    execa(process.execPath, [main, ...args], { reject: false, env: { XDG_STATE_HOME: join(home, "none"), ...env } });
  const ping = (...args: string[]) => run(["ping", ...args]);

  it("says who answered, makes the key file for its owner alone, and exits with 0", async () => {
    const { exitCode, stdout } = await ping(...reached, "--json");
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({
      exitCode: 0,
      serverId: daemon.serverId,
      name: "moorline",
      version: "0.1.0",
    });
    expect(statSync(join(home, "key")).mode & 0o777).toBe(0o600);
  });

  it("takes the token of the daemon of the same user, on this machine, where none is named [CLI-3]", async () => {
    mkdirSync(join(home, "state", "moorline"), { recursive: true });
    copyFileSync(join(home, "token"), join(home, "state", "moorline", "token"));
    const args = ["ping", "--endpoint", reached[1] ?? ""];
    const results = await Promise.all([run(args), run(args, { XDG_STATE_HOME: join(home, "state") })]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([121, 0]);
    expect(results[0]?.stderr).toContain("--token-file");
  });

  it("reads the endpoint and the key file from the environment; a key file may have any name [CLI-3]", async () => {
    const env = { MOORLINE_ENDPOINT: reached[1] ?? "", MOORLINE_SESSION_KEY_FILE: join(home, "keys", "My Key.txt") };
    expect((await run(["ping", "--token-file", join(home, "token")], env)).exitCode).toBe(0);
    expect(statSync(env.MOORLINE_SESSION_KEY_FILE).mode & 0o777).toBe(0o600);
  });

  it("exits with 120 where something else listens [CLI-2]", async () => {
    const other = await fakeTcp((socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"));
    const { exitCode, stdout } = await ping("--endpoint", `ws://127.0.0.1:${other.port}`, "--json");
    other.close();
    expect({ exitCode, code: JSON.parse(stdout).error.code }).toEqual({ exitCode: 120, code: "NOT_CONNECTED" });
  });

  it.each([
    ["a token file that is missing", ["--token-file", "/no/such/file"], "TOKEN_FILE_UNUSABLE"],
    ["a session key file that cannot be one", ["--session-key-file", "/"], "STORAGE_FAILED"],
    ["a session key file that holds none", ["--session-key-file", main], "SESSION_KEY_MALFORMED"],
  ])("exits with 2 for %s, and says what to do [CLI-1, CLI-2]", async (_, args, code) => {
    const { exitCode, stdout, stderr } = await ping(...args, "--json");
    const { error } = JSON.parse(stdout);
    expect({ exitCode, stderr, code: error.code, reason: error.reason }).toEqual({
      exitCode: 2,
      stderr: "",
      code,
      reason: "",
    });
    expect(error.action).not.toBe("");
  });

  it("exits with 120 where nobody listens, and says what to do", async () => {
    const { exitCode, stderr } = await ping("--endpoint", "ws://127.0.0.1:9");
    expect(exitCode).toBe(120);
    expect(stderr).toContain("NOT_CONNECTED");
    expect(stderr).toContain("--endpoint");
  });

  it("exits with 121 where the daemon rejects it [AUTH-4]", async () => {
    writeFileSync(join(home, "wrong"), "no-such-token");
    const { exitCode, stdout } = await ping(...reached, "--token-file", join(home, "wrong"), "--json");
    expect({ exitCode, code: JSON.parse(stdout).error.code }).toEqual({ exitCode: 121, code: "UNAUTHENTICATED" });
    expect(stdout).not.toContain("no-such-token");
  });

  it.each([
    ["an endpoint without encryption on another machine", ["--endpoint", "ws://example.com"]],
    ["an endpoint that is none", ["--endpoint", "somewhere"]],
    ["an unknown option", ["--colour"]],
  ])("exits with 2 for %s", async (_, args) => {
    const { exitCode, stdout } = await ping(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });

  it("examines the way to a daemon, with one message of the schema a line [CLI-1, DOCTOR-1]", async () => {
    const { exitCode, stdout } = await run(["doctor", ...reached, "--server-id", daemon.serverId, "--json"]);
    const findings = stdout.split("\n").map((line) => fromJsonString(FindingSchema, line));
    expect(findings.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect([exitCode, new Set(findings.map(({ result }) => result))]).toEqual([0, new Set([1, 4])]);
  });

  it("examines a daemon with TLS, and has no colours where there is no terminal [DOCTOR-1]", async () => {
    const { key, cert } = createSelfSigned();
    const { port, close } = await stagePort({ where: { tls: { key, cert } } });
    writeFileSync(join(home, "cert.pem"), cert);
    const args = ["doctor", `wss://localhost:${port}`];
    const trusted = await run(args, { NODE_EXTRA_CA_CERTS: join(home, "cert.pem") });
    await close();
    expect(trusted.stdout.split("\n").map((line) => line.split(/\s+/)[0])).toEqual(Array(13).fill("OK"));
    expect([trusted.exitCode, trusted.stdout.includes("\u001b")]).toEqual([0, false]);
  });

  it.each([
    ["a server id that is none", ["--server-id", "somebody"]],
    ["a time that is none", ["--timeout", "0"]],
  ])("is not run with %s [CLI-2]", async (_, args) => {
    const { exitCode, stderr } = await run(["doctor", ...args]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(args[0] ?? "") });
  });
});
