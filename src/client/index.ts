/** The door of clients, for browsers, workers and Node alike. */
export type {
  ConnectionLoss,
  ConnectionState,
  ConnectionState_Connected,
  ConnectionState_Disconnected,
} from "../../gen/moorline/machine/v1/connection_moorline.ts";
export { RetryVerdict } from "../../gen/moorline/schema/v1/options_pb.ts";
export type { CloseCodeName } from "../../gen/moorline/session/v1/close_code_moorline.ts";
export { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
export {
  CallOutcome,
  ChannelLossReason,
  type ChannelLost,
  ChannelLostSchema,
  type IdempotencyKeyReused,
  IdempotencyKeyReusedSchema,
  type JournalUnavailable,
  JournalUnavailableSchema,
  type KeyedRunCut,
  KeyedRunCutSchema,
  Limit,
  type LimitExceeded,
  LimitExceededSchema,
  type OutcomeTooLarge,
  OutcomeTooLargeSchema,
} from "../../gen/moorline/session/v1/error_pb.ts";
export { Path, ResumeRefusal, Resumption, type ServerInfo } from "../../gen/moorline/session/v1/packet_pb.ts";
export { ConnectionPhase } from "../../gen/moorline/state/v1/phase_pb.ts";
export { ConnectionLossReason } from "../../gen/moorline/state/v1/reason_pb.ts";
export { type Transition, TransitionOutcome } from "../../gen/moorline/state/v1/transition_pb.ts";
export type { Clock, Timer } from "../core/clock.ts";
export type { Random } from "../core/random.ts";
export type { TransitionSink } from "../machine/transition-log.ts";
export { idempotencyKey, waitForReady } from "../rpc/context-keys.ts";
export { createGeneratedCodecs } from "../rpc/generated-codecs.ts";
export type { CodecSource, MessageCodec } from "../rpc/message-format.ts";
export type { ServedRoutes } from "../rpc/served-routes.ts";
export type { Connection, ConnectionClose, ConnectionListener, Transport } from "../transport/connection.ts";
export { systemClock } from "../transport/system-clock.ts";
export { systemRandom } from "../transport/system-random.ts";
export { createWebSocketTransport, type WebSocketTransportOptions } from "../transport/web-socket.ts";
export { createMemoryStorage, type KeyStorage } from "../wire/key-storage.ts";
export { type LocalErrorCode, MoorlineError, type MoorlineErrorCode } from "../wire/moorline-error.ts";
export { parseServerId, type ServerId } from "../wire/server-id.ts";
export { deriveSessionKey, parseSessionKey, type SessionKey } from "../wire/session-key.ts";
export { sessionRefOf } from "../wire/session-ref.ts";
export type { ClientEventMap, ResumedEvent } from "./client-events.ts";
export type { ClientProgram } from "./client-hello.ts";
export { ClientInstance, type ClientInstanceOptions, type LostChannel } from "./client-instance.ts";
export type { ClientMetrics } from "./client-metrics.ts";
export type { ClientLimits, DaemonClientOptions } from "./client-options.ts";
export {
  type Credential,
  type CredentialCallback,
  type CredentialSource,
  type CredentialSourceOptions,
  createCredentialSource,
} from "./credential.ts";
export { type CloseOptions, createDaemonClient, type DaemonClient } from "./daemon-client.ts";
export {
  type BrowserGlobals,
  createBrowserLifecycle,
  type LifecycleSignal,
  type LifecycleSource,
  noLifecycle,
} from "./lifecycle.ts";
export {
  createReactNativeLifecycle,
  type ReactNativeAppState,
  type ReactNativeNetInfo,
  type ReactNativeNetState,
  type ReactNativeSources,
} from "./lifecycle-react-native.ts";
export {
  isConnected,
  isDisposed,
  isOnItsWay,
  lossOf,
  phaseOf,
  resumptionOf,
  retryAtOf,
  serverOf,
} from "./selectors.ts";
export { createSessionKey, loadOrCreateSessionKey } from "./session-key.ts";
export { createIndexedDbStorage, type IndexedDbGlobals } from "./storage-indexed-db.ts";
export { createLocalStorage, type LocalStorageGlobals } from "./storage-local.ts";
