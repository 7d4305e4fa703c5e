import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExampleProcess, startExample } from "../support/example-process.ts";
import { createSelfSigned } from "../support/self-signed.ts";

const FILES = 40;
const FILE_BYTES = 8_000_000;
const bin = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

describe("examples/jobs: a daemon and its clients in processes", () => {
  let home: string;
  /** As many names of one large file as a job has files, and the line of each. */
  let paths: readonly string[];
  let lines: readonly string[];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "moorline-jobs-"));
    const content = randomBytes(FILE_BYTES);
    writeFileSync(join(home, "large"), content);
    paths = Array.from({ length: FILES }, (_, number) => join(home, `file-${number}`));
    for (const path of paths) symlinkSync("large", path);
    const digest = createHash("sha256").update(content).digest("hex");
    lines = paths.map((path) => `${digest}  ${path}`);
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  function run(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ExampleProcess {
    return startExample(`examples/jobs/${name}`, args, { env: { JOBS_HOME: home, ...env } });
  }

  async function serve(env: Readonly<Record<string, string>> = {}) {
    const server = run("server.ts", [], env);
    await server.until(/^listening/);
    const { endpoint } = JSON.parse(readFileSync(join(home, "daemon.json"), "utf8")) as { readonly endpoint: string };
    return { server, endpoint, again: { ...env, JOBS_PORT: new URL(endpoint).port } };
  }

  it("have one effect for a key, and a whole log, although the daemon is killed [JOURNAL-2] [STORE-1]", async () => {
    const { server, again } = await serve();
    const watch = run("watch.ts");
    const client = run("client.ts", ["nightly", ...paths]);
    await client.untilCount(5);
    server.kill("SIGKILL");
    expect(await server.ended).toBe("SIGKILL");
    expect(client.lines.length).toBeLessThan(FILES);

    const { server: second } = await serve(again);
    expect(await client.ended).toBe(0);
    expect(client.lines).toEqual(lines);

    const sameKey = run("client.ts", ["nightly", ...paths]);
    expect(await sameKey.ended).toBe(0);
    expect([sameKey.lines, sameKey.errors]).toEqual([client.lines, client.errors]);

    await watch.until(new RegExp(` ${FILES}/${FILES}$`));
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    const jobs = watch.lines.flatMap((text) => /^(\S+) (\d+)\/\d+$/.exec(text)?.slice(1, 3) ?? []);
    expect([...new Set(jobs)].filter((text) => text.includes("-")).map((id) => `job ${id}`)).toEqual(client.errors);
    expect(jobs.at(-1)).toBe(`${FILES}`);
  }, 60_000);

  it("have one effect for a key although the client is killed and started again [INV-1]", async () => {
    await serve();
    const first = run("client.ts", ["nightly", ...paths]);
    await first.untilCount(3);
    first.kill("SIGKILL");
    const second = run("client.ts", ["nightly", ...paths]);
    expect(await second.ended).toBe(0);
    expect([second.lines, second.errors]).toEqual([lines, first.errors]);
    const watch = run("watch.ts");
    expect(await watch.until(/^in step/)).toBe("in step: 1");
  }, 60_000);

  it("refuse other files under a key that was used [JOURNAL-3]", async () => {
    await serve();
    expect(await run("client.ts", ["nightly", ...paths.slice(0, 1)]).ended).toBe(0);
    const other = run("client.ts", ["nightly", ...paths.slice(0, 2)]);
    expect(await other.ended).toBe(1);
    expect(other.errors.join("\n")).toMatch(/invalid_argument/);
  }, 60_000);

  it("ask the client about a large job, by a call of the daemon [CALL-1]", async () => {
    await serve();
    const small = join(home, "small");
    writeFileSync(small, "");
    const many = (count: number): string[] => Array.from({ length: count }, () => small);
    const allowed = run("client.ts", ["allowed", ...many(51)]);
    expect([await allowed.ended, allowed.lines.length]).toEqual([0, 51]);
    const refused = run("client.ts", ["refused", ...many(1001)]);
    expect(await refused.ended).toBe(1);
    expect(refused.errors.join("\n")).toMatch(/the client does not allow it/);
  }, 60_000);

  it("speak TLS where they are given a certificate, and only then listen beyond loopback [AUTH-1]", async () => {
    const { key, cert } = createSelfSigned();
    const [keyPath, certPath] = [join(home, "key"), join(home, "cert")];
    writeFileSync(keyPath, key);
    writeFileSync(certPath, cert);
    const open = run("server.ts", [], { JOBS_HOST: "0.0.0.0" });
    expect(await open.ended).toBe(1);
    expect(open.errors.join("\n")).toMatch(/\[INSECURE_LISTEN\]/);
    const { endpoint } = await serve({ JOBS_HOST: "0.0.0.0", JOBS_CERT: certPath, JOBS_KEY: keyPath });
    expect(endpoint).toMatch(/^wss:\/\/localhost:/);
    const client = run("client.ts", ["nightly", ...paths.slice(0, 1)], { NODE_EXTRA_CA_CERTS: certPath });
    expect([await client.ended, client.lines]).toEqual([0, lines.slice(0, 1)]);
  }, 60_000);

  it("answer stock tools: reflection, health, and a keyed call [HTTP-4] [HTTP-14]", async () => {
    await serve();
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home };
    const tools = run("tools.sh", [], env);
    expect([await tools.ended, tools.errors]).toEqual([0, []]);
    const text = tools.lines.join("\n");
    expect(text).toMatch(/jobs\.v1\.JobService\/StartJob/);
    expect(text).toMatch(/SERVING/);
    expect(text).toMatch(/"job":/);
    const repeated = run("tools.sh", [], env);
    await repeated.ended;
    expect(repeated.lines).toEqual(tools.lines);
  }, 60_000);

  it("share the port of an application [HTTP-13]", async () => {
    const attached = run("attached.ts");
    const { port } = JSON.parse((await attached.until(/^\{/)) ?? "") as { readonly port: number };
    const origin = `http://127.0.0.1:${port}`;
    expect(await (await fetch(origin)).text()).toBe("the page of the application\n");
    const described = await fetch(`${origin}/jobs/moorline.session.v1.SessionService/Describe`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await described.json()).toMatchObject({ server: { name: "jobs" } });
  });
});
