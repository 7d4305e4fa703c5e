import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path, ResumeRefusal } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { channelEvent, channelMachine, defaultChannelConfig, startChannel } from "../../../src/machine/channel.ts";
import { connectionMachine } from "../../../src/machine/connection.ts";
import type { SchemaMachine } from "../../../src/machine/schema-machine.ts";
import {
  defaultServerConnectionConfig,
  serverConnectionEvent,
  serverConnectionMachine,
  startServerConnection,
} from "../../../src/machine/server-connection.ts";
import { defaultSessionConfig, sessionEvent, sessionMachine, startSession } from "../../../src/machine/session.ts";
import { createTransition, type TransitionContext } from "../../../src/machine/transition-log.ts";
import { ConnectionDriver } from "./connection-driver.ts";
import { connectionEvent } from "./machine-data.ts";

const context: TransitionContext = { serverId: "server", sessionRef: "ref", wallMs: 1_700_000_000_250 };

/** The record of one event, as JSON, without what every record has. */
function record<S, E, F, C>(machine: SchemaMachine<S, E, F, C>, from: S, event: E, config: C): object {
  const { state: to, ignored } = machine.transition(from, event, config);
  const {
    at: _at,
    machine: _name,
    serverId: _id,
    sessionRef: _ref,
    ...rest
  } = toJson(TransitionSchema, createTransition(machine, { from, event, to, ignored }, context)) as Record<
    string,
    unknown
  >;
  return rest;
}

function recordConnection(driver: ConnectionDriver, event: Parameters<typeof connectionEvent>[0]): object {
  return record(connectionMachine, driver.state, connectionEvent(event), driver.config);
}

const connect = { case: "connectRequested", value: { path: Path.RELAY, nowMs: 1_000 } } as const;

describe("createTransition", () => {
  it("has every field of the log [LOG-1]", () => {
    const driver = new ConnectionDriver();
    const event = connectionEvent(connect);
    const { state, ignored } = connectionMachine.transition(driver.state, event, driver.config);
    const transition = createTransition(connectionMachine, { from: driver.state, event, to: state, ignored }, context);
    expect(toJson(TransitionSchema, transition)).toEqual({
      machine: "connection",
      serverId: "server",
      sessionRef: "ref",
      from: "idle",
      event: "connect_requested",
      to: "connecting",
      outcome: "TRANSITION_OUTCOME_TAKEN",
      path: "PATH_RELAY",
      generation: 1,
      at: "2023-11-14T22:13:20.250Z",
    });
  });

  it("says that an event was ignored, where the machine stays, and nothing about why it is there [LOG-1] [RUN-2]", () => {
    const rejected = new ConnectionDriver().connect().open().reject(CloseCode.REVOKED);
    expect(recordConnection(rejected, { case: "retryDue", value: { generation: 1, nowMs: 2_000 } })).toEqual({
      from: "disconnected",
      event: "retry_due",
      to: "disconnected",
      outcome: "TRANSITION_OUTCOME_IGNORED",
      path: "PATH_DIRECT",
      generation: 1,
    });
  });

  it("gives the code as the reason where one was told, else how the connection ended [LOG-1]", () => {
    const driver = new ConnectionDriver().goOnline();
    const lost = { generation: 1, nowMs: 9_000, message: "gone" };
    const told = { case: "wentAway", value: { ...lost, code: CloseCode.DAEMON_DRAINING } } as const;
    expect(recordConnection(driver, told)).toMatchObject({ closeCode: "CLOSE_CODE_DAEMON_DRAINING", message: "gone" });
    const broken = recordConnection(driver, { case: "transportFailed", value: lost });
    expect(broken).toMatchObject({ connectionLoss: "CONNECTION_LOSS_REASON_TRANSPORT_FAILED", message: "gone" });
    const unknown = { case: "transportClosed", value: { ...lost, code: 1_006 as CloseCode } } as const;
    expect(recordConnection(driver, unknown)).toMatchObject({ closeCode: 1_006 });
    const disposed = recordConnection(driver, { case: "disposed", value: { message: "bye" } });
    expect(disposed).toMatchObject({ to: "disposed", closeCode: "CLOSE_CODE_CHANNEL_DONE", message: "bye" });
  });

  it("gives the refusal of a resume as the reason of a welcome [LOG-1]", () => {
    const attachment = { channelId: new Uint8Array(16), refusal: ResumeRefusal.EPOCH_CHANGED };
    const welcomed = { case: "welcomed", value: { generation: 1, nowMs: 1_000, attachment } } as const;
    const transition = recordConnection(new ConnectionDriver().connect().open(), welcomed);
    expect(transition).toMatchObject({ to: "connected", resumeRefusal: "RESUME_REFUSAL_EPOCH_CHANGED" });
  });

  it("explains the server's machines as well [LOG-1]", () => {
    const { state: channel } = startChannel(3);
    const evicted = channelEvent({ case: "evicted", value: {} });
    expect(record(channelMachine, channel, evicted, defaultChannelConfig)).toMatchObject({
      from: "attached",
      to: "lost",
      channelLoss: "CHANNEL_LOSS_REASON_REPLAY_EVICTED",
    });
    const resumed = channelEvent({ case: "resumed", value: { attempt: 9 } });
    expect(record(channelMachine, channel, resumed, defaultChannelConfig)).toMatchObject({ generation: 9 });
    const config = defaultServerConnectionConfig;
    const late = serverConnectionEvent({ case: "helloTimedOut", value: {} });
    expect(record(serverConnectionMachine, startServerConnection(0, config).state, late, config)).toMatchObject({
      from: "awaiting_hello",
      event: "hello_timed_out",
      closeCode: "CLOSE_CODE_HELLO_TIMEOUT",
    });
    const ended = sessionEvent({ case: "ended", value: {} });
    expect(record(sessionMachine, startSession(5).state, ended, defaultSessionConfig)).toMatchObject({
      to: "expired",
      closeCode: "CLOSE_CODE_SESSION_ENDED",
    });
  });

  it("takes the path of a machine that does not know it from the context", () => {
    const { state } = startChannel(3);
    const event = channelEvent({ case: "drained", value: {} });
    const step = channelMachine.transition(state, event, defaultChannelConfig);
    const entry = { from: state, event, to: step.state, ignored: step.ignored };
    expect(createTransition(channelMachine, entry, { ...context, path: Path.RELAY }).path).toBe(Path.RELAY);
  });
});
