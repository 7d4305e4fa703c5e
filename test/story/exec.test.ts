import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cutter } from "../../src/cli/demo/cutter.ts";
import { firstLine } from "../support/moorline-command.ts";

const BYTES_BETWEEN_FAULTS = 150_000;
const PRINT = `for (let i = 1; i <= 20_000; i += 1) console.log("line " + i + ", and the line after it is " + (i + 1));`;

const example = (name: string): string => fileURLToPath(new URL(`../../examples/exec/${name}.ts`, import.meta.url));

describe("the example exec: a client and a server in two processes", () => {
  let home: string;
  let cutter: Cutter;
  let server: ReturnType<typeof start>;

  const start = (name: string, ...args: string[]) =>
    execa(process.execPath, ["--conditions=moorline-source", example(name), ...args], {
      env: { EXEC_HOME: home },
      stdin: "ignore",
      reject: false,
    });

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "moorline-story-"));
    server = start("server");
    expect(await firstLine(server)).toMatch(/^listening on ws:/);
    const daemon = JSON.parse(readFileSync(join(home, "daemon.json"), "utf8"));
    cutter = new Cutter(Number(new URL(daemon.endpoint).port));
    const endpoint = `ws://127.0.0.1:${await cutter.listen()}`;
    writeFileSync(join(home, "daemon.json"), JSON.stringify({ ...daemon, endpoint }));
  });

  afterEach(async () => {
    cutter.close();
    server.kill("SIGTERM");
    await server;
    rmSync(home, { recursive: true, force: true });
  });

  it("lose no line and repeat none while connections are reset and held back [INV-1] [RESUME-1]", async () => {
    const client = start("client", process.execPath, "-e", PRINT);
    for (const fault of ["reset", "hold back", "reset", "reset", "hold back"]) {
      await cutter.passed(BYTES_BETWEEN_FAULTS);
      if (fault === "reset") cutter.reset();
      else expect(await (await cutter.holdBack()).release()).toBeGreaterThan(0);
    }
    const { stdout, exitCode } = await client;
    expect(exitCode).toBe(0);
    expect(stdout).toBe((await execa(process.execPath, ["-e", PRINT])).stdout);
  }, 60_000);

  it("passes input on, and ends as the command ends", async () => {
    const client = execa(
      process.execPath,
      ["--conditions=moorline-source", example("client"), "sh", "-c", "cat; exit 3"],
      {
        env: { EXEC_HOME: home },
        input: "one\ntwo\n",
        reject: false,
      },
    );
    expect(await client).toMatchObject({ stdout: "one\ntwo", exitCode: 3 });
  });
});
