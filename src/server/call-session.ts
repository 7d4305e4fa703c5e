import type { DescService } from "@bufbuild/protobuf";
import {
  type Client,
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
} from "@connectrpc/connect";
import type { Channel } from "../channel/channel.ts";
import { type ChannelTransport, createChannelTransport } from "../rpc/channel-transport.ts";
import { createServiceClient } from "../rpc/service-client.ts";
import type { SessionName } from "./events.ts";
import type { ServerContext } from "./server-context.ts";

/** The session of a call, as its handler sees it. */
export interface CallSession {
  /** What stands for the session in logs. */
  readonly ref: string;
  /** Whom it belongs to. */
  readonly principal: string;
  /**
   * The channel that the call came on, as text. It goes on over any number of connections. Undefined for a plain RPC, which
   * came on none.
   */
  readonly channelId: string | undefined;
  /** What the daemon keeps with the session, by typed keys; the same for all its channels, until it has expired. */
  readonly values: ContextValues;
  /**
   * A client of a service that the client serves on this channel. Its calls wait while there is no connection.
   * @throws ConnectError FAILED_PRECONDITION in a plain RPC: nothing leads back to its caller.
   */
  client<T extends DescService>(service: T): Client<T>;
}

/**
 * The session of a call: `context.values.get(callSession)` in a handler or an interceptor. Undefined for
 * the methods that need no session key.
 */
export const callSession: ContextKey<CallSession | undefined> = createContextKey<CallSession | undefined>(undefined, {
  description: "moorline session",
});

/** A session that can be asked for its values. */
export interface SessionWithValues extends SessionName {
  readonly values: ContextValues;
}

/** A {@link CallSession} on one channel. */
export class ChannelCallSession implements CallSession {
  readonly channelId: string;
  private readonly context: ServerContext;
  private readonly session: SessionWithValues;
  private readonly channel: Channel;
  private transport: ChannelTransport | undefined = undefined;

  constructor(context: ServerContext, session: SessionWithValues, channel: Channel, channelId: string) {
    this.context = context;
    this.session = session;
    this.channel = channel;
    this.channelId = channelId;
  }

  get ref(): string {
    return this.session.ref;
  }

  get principal(): string {
    return this.session.principal;
  }

  get values(): ContextValues {
    return this.session.values;
  }

  client<T extends DescService>(service: T): Client<T> {
    const { clock, random } = this.context;
    this.transport ??= createChannelTransport({ channel: this.channel, clock, random });
    return createServiceClient(service, this.transport);
  }
}

/** The {@link CallSession} of a plain RPC. */
export class PlainCallSession implements CallSession {
  readonly channelId = undefined;
  private readonly session: SessionWithValues;

  constructor(session: SessionWithValues) {
    this.session = session;
  }

  get ref(): string {
    return this.session.ref;
  }

  get principal(): string {
    return this.session.principal;
  }

  get values(): ContextValues {
    return this.session.values;
  }

  client<T extends DescService>(): Client<T> {
    throw new ConnectError("a plain RPC has no way back to its caller; use a channel", Code.FailedPrecondition);
  }
}
