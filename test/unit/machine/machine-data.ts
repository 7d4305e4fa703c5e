import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectionEventSchema } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { CreationEventSchema } from "../../../gen/moorline/machine/v1/creation_pb.ts";
import { HostEventSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { ProbeEventSchema } from "../../../gen/moorline/machine/v1/probe_pb.ts";
import { SyncEventSchema, SyncStateSchema } from "../../../gen/moorline/machine/v1/sync_pb.ts";

/*
 * States and events of which a test says what matters: the rest is zero.
 */

/** What a test says of an event, or of a state. */
type Init<Desc extends DescMessage, Member extends "event" | "state"> =
  MessageInitShape<Desc> extends Partial<Record<Member, infer Value>>
    ? Exclude<Value, { case?: undefined } | undefined>
    : never;

/** Makes an event of the connection machine. */
export function connectionEvent(event: Init<typeof ConnectionEventSchema, "event">) {
  return create(ConnectionEventSchema, { event });
}

/** Makes an event of the creation machine. */
export function creationEvent(event: Init<typeof CreationEventSchema, "event">) {
  return create(CreationEventSchema, { event });
}

/** What a test says of an event of the host machine. */
export type HostEventInit = Init<typeof HostEventSchema, "event">;

/** Makes an event of the host machine. */
export function hostEvent(event: HostEventInit) {
  return create(HostEventSchema, { event });
}

/** Makes an event of the probe machine. */
export function probeEvent(event: Init<typeof ProbeEventSchema, "event">) {
  return create(ProbeEventSchema, { event });
}

/** Makes an event of the machine of a mirror. */
export function syncEvent(event: Init<typeof SyncEventSchema, "event">) {
  return create(SyncEventSchema, { event });
}

/** Makes a state of the machine of a mirror. */
export function syncState(state: Init<typeof SyncStateSchema, "state">) {
  return create(SyncStateSchema, { state });
}
