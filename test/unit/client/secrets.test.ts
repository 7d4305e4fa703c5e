import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { SecretScrubber } from "../../../src/client/secret-scrubber.ts";
import { lossOf, serverOf } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { SERVER_ID } from "./support/scripted-daemon.ts";
import { connect, everythingSaid, rejectionOf, SESSION_KEY, settle, stageClient } from "./support/stage.ts";

const TOKEN = "TOKENTOKENTOKEN";

describe("DaemonClient: secrets", () => {
  it("appear in no transition, snapshot, error or address, whatever happens [LOG-3, INV-2]", async () => {
    const dialled: string[] = [];
    const stage = stageClient({ credential: () => ({ bearerToken: TOKEN }) });
    const said: string[] = [];
    const { dial } = stage.pair.transport;
    stage.pair.transport.dial = (endpoint, listener) => {
      dialled.push(endpoint);
      return dial(endpoint, listener);
    };
    const echoed = `you said ${SESSION_KEY} and ${TOKEN}`;
    stage.daemon.onHello = (connection) => {
      const server = { serverId: SERVER_ID, name: echoed, version: echoed, epoch: stage.daemon.epoch };
      connection.welcome({ server, sessionRef: SESSION_KEY });
    };
    await connect(stage);
    stage.daemon.connection.goAway(CloseCode.OVERLOADED, echoed);
    await stage.clock.advanceAsync(2_000);
    stage.daemon.connection.connection.close(CloseCode.DAEMON_BUSY, echoed);
    await settle(stage);
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.UNAUTHENTICATED, { message: echoed });
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    said.push(inspect(error, { depth: 20, showHidden: true }));
    const call = stage.client.service(EchoService).say({});
    said.push(await call.then(String, (failure: unknown) => inspect(failure, { depth: 2, showHidden: true })));
    stage.client.dispose();
    said.push(everythingSaid(stage), ...dialled);
    expect(stage.transitions.length).toBeGreaterThan(10);
    expect(said.join("\n")).toContain("you said [redacted] and [redacted]");
    expect(said.join("\n")).not.toContain(SESSION_KEY);
    expect(said.join("\n")).not.toContain(TOKEN);
  });

  it("are shown by the session ref in the transition log [LOG-1, KEY-3]", async () => {
    const stage = stageClient();
    await connect(stage);
    expect(stage.transitions.map(({ sessionRef }) => sessionRef)).toEqual(Array(3).fill("4ad47d453c752624"));
    expect(stage.transitions.map(({ serverId }) => serverId)).toEqual(["", "", SERVER_ID]);
    expect(stage.transitions.map(({ machine, generation }) => [machine, generation])).toEqual(
      Array(3).fill(["connection", 1]),
    );
  });

  it("leave the rest of what the daemon says as it is", async () => {
    const stage = stageClient();
    await connect(stage);
    expect(serverOf(stage.client.state)?.name).toBe("scripted");
    stage.daemon.connection.goAway(CloseCode.OVERLOADED, "x".repeat(10_000));
    await settle(stage);
    expect(lossOf(stage.client.state)?.message).toBe("x".repeat(512));
  });
});

describe("SecretScrubber", () => {
  it("takes out the key and the last eight credentials [LOG-3, INV-14]", () => {
    const scrubber = new SecretScrubber("key");
    for (let number = 1; number <= 9; number += 1) scrubber.add(`token-${number}!`);
    scrubber.add("");
    expect(scrubber.clean("a key, token-9!, token-2!, token-1!")).toBe(
      "a [redacted], [redacted], [redacted], token-1!",
    );
  });
});
