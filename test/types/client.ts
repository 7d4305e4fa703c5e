import type { Client } from "@connectrpc/connect";
import {
  type ConnectionState,
  createDaemonClient,
  createSessionKey,
  type DaemonClient,
  type DaemonClientOptions,
  isConnected,
  type MoorlineErrorCode,
  type ServerInfo,
  serverOf,
} from "../../src/client/index.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const rest = { endpoint: "wss://daemon.example", client: { name: "types", version: "1" } };
const sessionKey = createSessionKey();

/** All that is needed. */
export const client: DaemonClient = createDaemonClient({ ...rest, sessionKey });

// @ts-expect-error No client without a session key.
createDaemonClient(rest);

// @ts-expect-error A string is no session key, however well it is formed.
createDaemonClient({ ...rest, sessionKey: "abcdefghijklmnopqrstuv" });

// @ts-expect-error Nor is none.
createDaemonClient({ ...rest, sessionKey: undefined });

// @ts-expect-error No client without an endpoint.
createDaemonClient({ client: rest.client, sessionKey });

// @ts-expect-error A client says who it is.
createDaemonClient({ endpoint: rest.endpoint, sessionKey });

// @ts-expect-error A credential is a bearer token or a pairing token.
createDaemonClient({ ...rest, sessionKey, credential: { token: "x" } });

// @ts-expect-error A credential is no bare string, which could be either.
createDaemonClient({ ...rest, sessionKey, credential: "x" });

/** The credential, or whatever gives it, now or later, or nothing. */
export const credentials: readonly DaemonClientOptions["credential"][] = [
  { bearerToken: "x" },
  { pairingToken: "x" },
  () => ({ bearerToken: "x" }),
  async () => ({ pairingToken: "x" }),
  async () => undefined,
];

/** A client of a service has the service's methods. */
export const echo: Client<typeof EchoService> = client.service(EchoService);

/** What they give is typed. */
export const answer: Promise<string> = echo.say({ text: "x" }).then(({ text }) => text);

// @ts-expect-error What they take is typed as well.
echo.say({ text: 1 });

/** A snapshot is what selectors take. */
export const state: ConnectionState = client.state;
export const connected: boolean = isConnected(state);
export const server: ServerInfo | undefined = serverOf(state);

// @ts-expect-error A client has no flag beside its state.
client.isConnected;

// @ts-expect-error Nobody sets the state but the machine.
client.state = state;

/** The events, by name, with what they tell. */
export const unsubscribe: () => void = client.on("channel_lost", ({ reason, calls }) => void [reason, calls]);

// @ts-expect-error There is no such event.
client.on("connected", () => {});

/** The codes of errors are names. */
export const code: MoorlineErrorCode = "SESSION_KEY_MISSING";

// @ts-expect-error And no other ones.
export const otherCode: MoorlineErrorCode = "SOMETHING_ELSE";
