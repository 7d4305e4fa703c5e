import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedDaemon, startDaemon } from "../support/moorline-command.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("moorline ping", () => {
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

  const ping = (...args: string[]) => execa(process.execPath, [main, "ping", ...args], { reject: false });

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
});
