import { fromBinary } from "@bufbuild/protobuf";
import { decodeClientPacket } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { type ClientHello, ClientHelloSchema, Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { idToKey } from "../../../src/server/hashes.ts";
import type { Judge } from "./judge.ts";

/** What is known of the owner of a channel, from its hellos. */
interface KnownInstance {
  attempt: number;
  freshId: string;
  /** Whether something has happened since the last hello after which a fresh id may be another. */
  mayChangeFreshId: boolean;
}

/** The hello of a packet, if it has one. */
export function readHello(message: Uint8Array | string): ClientHello | undefined {
  if (typeof message === "string") return undefined;
  const { body } = decodeClientPacket(message);
  return body.case === "hello" ? fromBinary(ClientHelloSchema, body.value) : undefined;
}

/** Every hello of every program, as it leaves: attempts rise, fresh ids stay, what there is is offered. */
export class HelloBook {
  private readonly judge: Judge;
  private readonly instances = new Map<string, KnownInstance>();
  private readonly makers = new Map<string, string>();

  constructor(judge: Judge) {
    this.judge = judge;
  }

  /** The program that has chosen the id of a channel. */
  makerOf(channelId: string): string | undefined {
    return this.makers.get(channelId);
  }

  /** Every channel id that a program has chosen. */
  channelsOf(program: string): string[] {
    return [...this.makers].filter(([, maker]) => maker === program).map(([id]) => id);
  }

  /** A program may take another fresh channel id: one was named, refused, or its channel is lost. */
  allowFreshId(program: string): void {
    const instance = this.instances.get(program);
    if (instance !== undefined) instance.mayChangeFreshId = true;
  }

  /**
   * A program says hello.
   * @param heldId The channel that it has, as far as the world knows. Undefined: none.
   */
  said(program: string, hello: ClientHello, heldId: string | undefined): void {
    if (hello.purpose !== Purpose.SESSION) return;
    const attempt = Number(hello.attempt);
    const freshId = idToKey(hello.freshChannelId);
    const offered = hello.resume && idToKey(hello.resume.channelId);
    this.judge.claim(offered === heldId, () => `${program} has channel ${heldId} and offers ${offered}`);
    const known = this.instances.get(program);
    if (known !== undefined) {
      this.judge.claim(attempt > known.attempt, () => `${program} says hello ${attempt} after hello ${known.attempt}`);
      const isKept = known.freshId === freshId || known.mayChangeFreshId;
      this.judge.claim(isKept, () => `${program} changes its fresh channel id without a reason`);
    }
    this.instances.set(program, { attempt, freshId, mayChangeFreshId: false });
    this.makers.set(freshId, program);
  }
}
