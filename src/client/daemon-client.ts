import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { ConnectionEffect, ConnectionEvent, ConnectionState } from "../../gen/moorline/machine/v1/connection_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { CallChannel } from "../channel/call.ts";
import { ChannelLostError } from "../channel/channel.ts";
import type { LogEntry } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import {
  type ConnectionConfig,
  connectionEvent,
  connectionMachine,
  initialConnectionState,
} from "../machine/connection.ts";
import { createTransition } from "../machine/transition-log.ts";
import { type ChannelTransport, createChannelTransport } from "../rpc/channel-transport.ts";
import { createServiceClient } from "../rpc/service-client.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { sessionRefOf } from "../wire/session-ref.ts";
