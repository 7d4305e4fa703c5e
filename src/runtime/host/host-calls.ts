import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { CallChannel } from "../../channel/call.ts";
import type { ClientInstance } from "../../client/client-instance.ts";
import { stoppedChannel } from "../../client/stopped-channel.ts";
import { type ChannelTransport, createChannelTransport } from "../../rpc/channel-transport.ts";
import { createServiceClient } from "../../rpc/service-client.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { HostSettings } from "./host-settings.ts";

/** The calls of a host: over whichever channel its instance has, whatever carries that. Spec: HOST-12. */
export class HostCalls {
  private readonly transport: ChannelTransport;
  private readonly clients = new Map<DescService, unknown>();

  /** @param state The state of the host machine, as it is now. */
  constructor(settings: HostSettings, instance: ClientInstance, state: () => HostState) {
    const { clock, random, interceptors, codecs, defaultTimeoutMs } = settings;
    const channel = (): CallChannel => (isGivenUp(state()) ? stoppedChannel : instance.channel);
    this.transport = createChannelTransport({ channel, clock, random, interceptors, codecs, defaultTimeoutMs });
  }

  /** A client of a service: the same object for the same service. @throws MoorlineError OPTION_INVALID for what is none. */
  service<T extends DescService>(service: T): Client<T> {
    if (service?.kind !== "service") {
      throw new MoorlineError("OPTION_INVALID", "What was given is no service.", {
        action: "Give the descriptor of a service, from generated code.",
      });
    }
    const known = this.clients.get(service) ?? createServiceClient(service, this.transport);
    this.clients.set(service, known);
    return known as Client<T>;
  }
}

/** Whether nobody will connect any more without somebody asking for it. Then calls end at once. */
function isGivenUp({ state }: HostState): boolean {
  if (state.case === "error") return state.value.retryAtMs === undefined;
  return state.case === "stopped" || state.case === "failed";
}
