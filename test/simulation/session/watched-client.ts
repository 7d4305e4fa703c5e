import {
  type ClientInstance,
  type Connection,
  type ConnectionListener,
  type Credential,
  createDaemonClient,
  type DaemonClient,
  type LifecycleSource,
  type SessionKey,
  type Transport,
} from "../../../src/client/index.ts";
import { serveRoutes } from "../../../src/serve/index.ts";
import { EchoService } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import { ClientWatch } from "./client-watch.ts";
import { DialJudge } from "./dial-judge.ts";
import { createEchoService } from "./echo-service.ts";
import { readHello } from "./hello-book.ts";
import type { Process } from "./process.ts";
import type { Scene } from "./scene.ts";
import { clientLimitsOf } from "./session-plan.ts";
import type { Standing } from "./standing.ts";
import { judgeErrorText, judgeTransition } from "./transition-judge.ts";

/** A program, as far as its clients are concerned. */
export interface ClientProgram {
  readonly scene: Scene;
  readonly name: string;
  readonly process: Process;
  readonly key: SessionKey;
  readonly sessionRef: string;
  readonly standing: Standing;
  readonly lifecycle: LifecycleSource;
  /** Gives the credential, as a callback of the client. */
  readonly credential: (() => Credential | Promise<Credential>) | undefined;
}

/** What differs between the clients of a program. */
export interface ClientWishes {
  readonly endpoint: string;
  readonly redial?: boolean;
  readonly instance?: ClientInstance;
}

/** A client and who watches it. */
export interface WatchedClient {
  readonly client: DaemonClient;
  /** Asks for a connection. */
  ask(): Promise<void>;
}

/** Makes a client with default limits whose every hello, state, loss, transition and error is judged. */
export function createWatchedClient(program: ClientProgram, wishes: ClientWishes): WatchedClient {
  const { scene, process, key, lifecycle, credential } = program;
  const { judge, ledger, random } = scene;
  const watch = new ClientWatch(scene, program);
  const dials = new DialJudge(judge, process.clock.now());
  const client = createDaemonClient({
    ...wishes,
    sessionKey: key,
    client: { name: "program", version: "1.0.0" },
    transport: watchTransport(program, wishes, dials),
    routes: serveRoutes((router) => router.service(EchoService, createEchoService({ process, ledger }))),
    lifecycle,
    limits: clientLimitsOf(scene.plan),
    clock: process.clock,
    random: random.fork(),
    ...(credential === undefined ? {} : { credential }),
    onTransition: (transition) => judgeTransition(judge, transition),
    onError: (error) => {
      judgeErrorText(judge, error);
      const isPlanned = error instanceof Error && error.message === NO_CREDENTIAL;
      judge.claim(isPlanned, () => `${program.name}: its client has told of ${error}`);
    },
  });
  client.subscribe((state) => watch.changed(state));
  client.on("channel_lost", (lost) => watch.lost(lost));
  client.on("resumed", () => judge.facts.count("client resumed"));
  const ask = (): Promise<void> => {
    watch.asked();
    dials.asked();
    const connected = client.ensureConnected();
    ledger.watch(connected, process, "ensureConnected");
    connected.catch((error: unknown) => judgeErrorText(judge, error));
    return connected;
  };
  return { client, ask };
}

/** What a credential callback fails with, where the world wants it to. */
export const NO_CREDENTIAL = "no credential, as planned";

function watchTransport(program: ClientProgram, { redial = true }: ClientWishes, dials: DialJudge): Transport {
  const { scene, name, process, standing } = program;
  const { transport } = process.host;
  return {
    name: transport.name,
    dial(endpoint: string, listener: ConnectionListener): Connection {
      scene.judge.claim(!endpoint.includes("SECRET"), () => "an address shows a secret");
      if (redial) dials.dialled(process.clock.now());
      const connection = transport.dial(endpoint, listener);
      let isFirst = true;
      const send = (packet: Uint8Array): void => {
        const hello = isFirst ? readHello(packet) : undefined;
        if (hello !== undefined) scene.hellos.said(name, hello, standing.heldId);
        isFirst = false;
        connection.send(packet);
      };
      return {
        get bufferedBytes() {
          return connection.bufferedBytes;
        },
        send,
        close: (code, reason) => connection.close(code, reason),
        abort: () => connection.abort(),
      };
    },
  };
}
