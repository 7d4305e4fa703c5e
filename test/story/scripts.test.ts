import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExampleProcess, startExample } from "../support/example-process.ts";
import { type OpenedDaemon, openTestDaemon } from "../support/open-daemon.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const TOKEN = "token-of-the-test-0123456789";

/** Puts programs there that users get from the package: `moorline`, from the sources, and an `npx` that runs it. */
function writePrograms(directory: string): void {
  mkdirSync(directory);
  const programs = {
    npx: 'if [ "$1" = -c ]; then exec sh -c "$2"; fi\nexec "$@"',
    moorline: `exec "${process.execPath}" --conditions=moorline-source "${root}src/cli/main.ts" "$@"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
}

describe("examples/scripts", () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "moorline-scripts-"));
    writePrograms(join(home, "bin"));
    mkdirSync(join(home, "tmp"));
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  function run(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ExampleProcess {
    const path = `${join(home, "bin")}:${root}node_modules/.bin:${process.env.PATH}`;
    return startExample(`examples/scripts/${name}`, args, {
      cwd: home,
      env: { PATH: path, HOME: home, TMPDIR: join(home, "tmp"), ...env },
    });
  }

  it("nightly.sh starts a daemon, reacts to how commands end, and leaves nothing behind", async () => {
    const nightly = run("nightly.sh");
    expect([await nightly.ended, nightly.errors]).toEqual([0, ["a backup is missing"]]);
    expect(`${nightly.lines.join("\n")}\n`).toBe(readFileSync(`${root}examples/scripts/nightly.out`, "utf8"));
    expect(readdirSync(join(home, "tmp"))).toEqual([]);
  }, 60_000);

  describe("with a daemon that runs", () => {
    let opened: OpenedDaemon;
    let env: Readonly<Record<string, string>>;

    beforeEach(async () => {
      const stateDirectory = join(home, "state");
      mkdirSync(stateDirectory);
      writeFileSync(join(stateDirectory, "token"), TOKEN);
      opened = await openTestDaemon({ stateDirectory, insecureNoAuth: false });
      const { endpoint, daemon } = opened;
      env = { MOORLINE_ENDPOINT: endpoint, MOORLINE_STATE: stateDirectory, SERVER_ID: daemon.serverId };
    });

    it("by-hand.sh lists, calls and follows [DIR-2]", async () => {
      const byHand = run("by-hand.sh", [], env);
      expect([await byHand.ended, byHand.errors]).toEqual([0, []]);
      const text = byHand.lines.join("\n");
      expect(text).toMatch(/"snapshotBegan":/);
      expect(text).toMatch(/"capabilities":/);
      expect(text).toMatch(/ answered in /);
    }, 60_000);

    it("run-command.ts prints what a command prints and ends with its code, over a lost channel [CALL-12] [TIMELINE-7]", async () => {
      const goAhead = join(home, "go-ahead");
      const script = 'mkfifo "$0"; echo begun; read -r line <"$0"; echo "$line" >&2; exit 4';
      const command = run("run-command.ts", ["sh", "-c", script, goAhead], env);
      await command.until(/begun/);
      for (const { ref } of opened.daemon.server.sessions.list()) opened.daemon.server.sessions.end(ref);
      writeFileSync(goAhead, "ended\n");
      expect([await command.ended, command.lines, command.errors]).toEqual([4, ["begun"], ["ended"]]);
    }, 60_000);

    it("call-by-buf.sh needs no SDK, and has one effect for its key [HTTP-4] [HTTP-14]", async () => {
      const calls = run("call-by-buf.sh", [], env);
      expect([await calls.ended, calls.errors]).toEqual([0, []]);
      expect(calls.lines.join("\n")).toMatch(/SERVING[\s\S]*AgentService\/CreateAgent[\s\S]*"agents"/);
      const again = run("call-by-buf.sh", [], env);
      expect(await again.ended).toBe(0);
      const ids = again.lines.flatMap((line) => /"id": *"([^"]+)"/.exec(line)?.[1] ?? []);
      expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
      expect(existsSync(join(home, "client"))).toBe(false);
    }, 60_000);
  });
});
