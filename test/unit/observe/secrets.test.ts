import { inspect } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RegisterPushTokenRequestSchema } from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { AttachRequestSchema } from "../../../gen/moorline/session/v1/service_pb.ts";
import { TransitionOutcome, TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";
import {
  createMemoryStorage,
  loadOrCreateSessionKey,
  type SessionKey,
  systemRandom,
} from "../../../src/client/index.ts";
import { createJsonLog } from "../../../src/observe/json-log.ts";
import { createClientTracing, createServerTracing, createTransitionSpanSink } from "../../../src/otel/index.ts";
import type { AuthenticateRequest, ServerEvent } from "../../../src/server/index.ts";
import { printMetrics } from "../../../src/server/prometheus/print-metrics.ts";
import { SERVER_METRICS } from "../../../src/server/prometheus/server-metrics-table.ts";
import { bytesToBase64url } from "../../../src/wire/base64url.ts";
import { loadOrCreateInstallSecret } from "../../../src/wire/install-secret.ts";
import { stageAt } from "../client/support/stage.ts";
import { SpanRecorder } from "../otel/support.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { SERVER_ID, stageDaemon } from "../server/support/daemon.ts";

const BEARER = "bearer-token-that-nobody-may-see";
const WRONG = "wrong-token-that-nobody-may-see";
const PUSH = "push-token-that-nobody-may-see";

/** Every sink there is, and what was written to it. */
class Sinks {
  readonly lines: string[] = [];
  readonly told: unknown[] = [];
  readonly recorder = new SpanRecorder();
  readonly log = createJsonLog({ level: "debug", destination: { write: (line) => this.lines.push(line) } });
  private readonly spanSink = createTransitionSpanSink(this.recorder);

  readonly onTransition: typeof this.log.onTransition = (transition) => {
    this.log.onTransition(transition);
    this.spanSink(transition);
    this.told.push(transition);
  };

  /** Everything, as whoever searches it may see it. */
  everything(): string {
    const spans = this.recorder.spans.map(({ name, attributes, events, status }) => ({
      name,
      attributes,
      events,
      status,
    }));
    return [
      ...this.lines,
      inspect([this.told, spans], { depth: 20, maxArrayLength: null, maxStringLength: null }),
    ].join("");
  }
}

function expectHidden(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    const forms = [
      secret,
      bytes.toString("hex"),
      bytes.toString("base64").slice(0, 16),
      String([...bytes.subarray(0, 8)]),
    ];
    for (const form of forms) expect(text).not.toContain(form);
  }
}

/** An error with secrets everywhere but in its text. */
function troubled(): ConnectError {
  const push = create(RegisterPushTokenRequestSchema, { service: "apns", token: PUSH });
  const hello = { packet: { body: { case: "hello" as const, value: { sessionKey: PUSH } } } };
  const error = new ConnectError("it has failed", Code.Internal, { authorization: `Bearer ${BEARER}` }, [
    { desc: RegisterPushTokenRequestSchema, value: push },
    { desc: AnySchema, value: anyPack(RegisterPushTokenRequestSchema, push) },
    { desc: AttachRequestSchema, value: hello },
  ]);
  return Object.assign(error, { config: { headers: { authorization: `Bearer ${BEARER}` } } });
}

describe("every sink of what is observed", () => {
  it("is without secrets, whatever a daemon and its client go through [LOG-3, LOG-6, OBS-7, SCHEMA-2]", async () => {
    const sinks = new Sinks();
    const events: ServerEvent[] = [];
    const storage = createMemoryStorage();
    const sessionKey: SessionKey = await loadOrCreateSessionKey(storage, SERVER_ID);
    const authenticate = ({ credential }: AuthenticateRequest) => {
      if (credential?.token === WRONG) throw Object.assign(new Error("the hook has failed"), { credential });
      return credential?.token === BEARER ? { principal: "p" } : ({ rejected: "UNAUTHENTICATED" } as const);
    };
    const daemon = stageDaemon({
      authenticate,
      onTransition: sinks.onTransition,
      onEvent: (event) => events.push(event),
      logger: sinks.log.logger,
      interceptors: [createServerTracing(sinks.recorder.options)],
      echo: { say: () => Promise.reject(troubled()) },
    });
    for (const bearerToken of [WRONG, PUSH, BEARER]) {
      const { client } = stageAt(daemon.clock, daemon.pair, {
        sessionKey,
        credential: { bearerToken },
        onTransition: sinks.onTransition,
        onError: sinks.log.onError,
        interceptors: [createClientTracing(sinks.recorder.options)],
      });
      client.subscribe((state) => void sinks.told.push(state));
      client.ensureConnected().catch(sinks.log.onError);
      await daemon.clock.advanceAsync(1_000);
      client.service(EchoService).say({ text: PUSH }).catch(sinks.log.onError);
      await daemon.clock.advanceAsync(1_000);
      if (bearerToken !== BEARER) client.dispose();
    }
    sinks.log.logger.error("a daemon logs what was thrown", new Error("outer", { cause: troubled() }));
    await daemon.server.close();
    await daemon.clock.advanceAsync(1_000);
    const { metrics } = daemon.server;
    const page = printMetrics(
      SERVER_METRICS.map((metric) => ({ ...metric, collect: () => metric.read(metrics) })),
      () => {},
    );
    sinks.told.push(events, page, metrics);
    const everything = sinks.everything();
    expect(sinks.lines.length).toBeGreaterThan(15);
    expect(everything).toContain("the hook has failed");
    expect(everything).toContain('"token":"[redacted]"');
    expect(everything).toContain('"code":"INTERNAL"');
    expect(page).toContain('moorline_calls_ended_total{kind="unary",code="internal"} 1');
    const installSecret = bytesToBase64url(await loadOrCreateInstallSecret(storage, systemRandom));
    expectHidden(everything, [BEARER, WRONG, PUSH, sessionKey, installSecret]);
  });

  it("is without what a record has in fields of a newer version [LOG-3, INV-15]", () => {
    const sinks = new Sinks();
    const push = toBinary(RegisterPushTokenRequestSchema, create(RegisterPushTokenRequestSchema, { token: PUSH }));
    const transition = create(TransitionSchema, { machine: "agent", outcome: TransitionOutcome.TAKEN });
    transition.$unknown = [{ no: 99, wireType: 2, data: push }];
    sinks.log.onTransition(transition);
    createTransitionSpanSink(sinks.recorder)(transition);
    expect([sinks.lines.length, sinks.recorder.spans.length]).toEqual([1, 1]);
    expectHidden(sinks.everything(), [PUSH]);
  });
});
