import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeDaemon } from "../../src/runtime/describe-daemon.ts";
import { openTestDaemon } from "../support/open-daemon.ts";

describe("describeDaemon on real sockets", () => {
  it("says who a daemon is, and needs no key for it [FLEET-10]", async () => {
    const { daemon, endpoint } = await openTestDaemon();
    const description = await describeDaemon(endpoint);
    expect(description).toEqual({ serverId: daemon.serverId, name: "test", version: "1.0.0" });
  });

  it("says that what answers is no daemon, or that nobody answers [FLEET-11]", async () => {
    const server = createServer((_request, response) => void response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const endpoint = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(describeDaemon(endpoint)).rejects.toMatchObject({ code: "NOT_A_DAEMON" });
    await new Promise((resolve) => server.close(resolve));
    await expect(describeDaemon(endpoint)).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
  });
});
