import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { ClientInstance, isConnected, isDisposed, isOnItsWay, lossOf } from "../../../src/client/index.ts";
import type { ClientOwner } from "./solo-owner.ts";
import { type ClientProgram, createWatchedClient, type WatchedClient } from "./watched-client.ts";

const SWITCH_TIMEOUT_MS = 12_000;
const MAX_WAIT_MS = 20_000;

/**
 * What owns reconnecting where a program has several paths, in small: one client after the other on one instance, make
 * before break. The next one connects while the old path works, and so takes the channel over from it.
 * @see ClientInstance
 */
export class SwitchingOwner implements ClientOwner {
  private readonly program: ClientProgram;
  private readonly endpoints: readonly string[];
  private readonly instance: ClientInstance;
  /** Whether the clients redial by themselves. */
  private readonly redial: boolean;
  private active: WatchedClient;
  private next: WatchedClient | undefined = undefined;
  private readonly retired = new Set<WatchedClient>();
  private path = 0;
  private failures = 0;
  private isWaiting = false;

  constructor(program: ClientProgram, endpoints: readonly string[], redial: boolean) {
    this.program = program;
    this.endpoints = endpoints;
    this.redial = redial;
    this.instance = new ClientInstance({ random: program.scene.random.fork() });
    this.active = this.createClient();
  }

  service<T extends DescService>(service: T): Client<T> {
    return this.active.client.service(service);
  }

  get isConnected(): boolean {
    return isConnected(this.active.client.state);
  }

  get phase(): string {
    return this.active.client.state.state.case ?? "";
  }

  get heldBytes(): number {
    return this.instance.channel.heldBytes;
  }

  get isStopped(): boolean {
    const { state } = this.active.client;
    const { verdict } = state.state.case === "disconnected" ? state.state.value : { verdict: undefined };
    const isUserAsked = verdict === RetryVerdict.ASK_USER || verdict === RetryVerdict.STOP;
    return isUserAsked && lossOf(state)?.reason !== ConnectionLossReason.SUPERSEDED && !isOnItsWay(state, this.redial);
  }

  ask(): void {
    this.active.ask().catch(() => {});
  }

  ping(paddingBytes: number): Promise<number> {
    return this.active.client.ping(paddingBytes);
  }

  switchPath(): void {
    if (this.next !== undefined || !this.isConnected || this.program.standing.isDone) return;
    this.program.scene.network.note(`${this.program.name} switches its path`);
    this.path += 1;
    const next = this.createClient();
    this.next = next;
    this.program.scene.judge.facts.count("path switches");
    next.ask().then(
      () => this.promote(next),
      () => this.giveUp(next),
    );
    void this.program.process.pause(SWITCH_TIMEOUT_MS).then(() => this.giveUp(next));
  }

  async end(how: "close" | "dispose"): Promise<void> {
    this.program.standing.isDone = true;
    if (this.next !== undefined) this.giveUp(this.next);
    for (const previous of this.retired) this.retire(previous);
    const { client } = this.active;
    if (how === "close") await client.close();
    else client.dispose();
    this.loseChannel();
  }

  private createClient(): WatchedClient {
    const endpoint = this.endpoints[this.path % this.endpoints.length] ?? "";
    const watched = createWatchedClient(this.program, { endpoint, instance: this.instance, redial: this.redial });
    watched.client.subscribe(() => this.look());
    return watched;
  }

  private promote(next: WatchedClient): void {
    if (this.next !== next) return;
    const previous = this.active;
    this.active = next;
    this.next = undefined;
    this.failures = 0;
    this.retired.add(previous);
    const retireMs = this.program.scene.random.pick([0, 0, 3_000, 30_000]);
    void this.program.process.pause(retireMs).then(() => this.retire(previous));
    this.look();
  }

  /** The client before is of no use any more. It was superseded, and does nothing by itself. */
  private retire(previous: WatchedClient): void {
    this.retired.delete(previous);
    previous.client.dispose();
  }

  /** Nothing has changed, unless the next client was accepted already: then the old connection is gone too. */
  private giveUp(next: WatchedClient): void {
    if (this.next !== next) return;
    this.next = undefined;
    next.client.dispose();
    this.look();
  }

  /** Looks whether somebody has to dial again, and does so after a while. */
  private look(): void {
    const { client } = this.active;
    if (this.program.standing.isDone) return;
    if (isConnected(client.state)) this.failures = 0;
    if (this.isStopped && this.next === undefined && !this.redial) this.loseChannel();
    const isOver = client.state.state.case === "disconnected" && !isOnItsWay(client.state, this.redial);
    if (!isOver || this.isStopped || this.isWaiting) return;
    this.isWaiting = true;
    this.failures += 1;
    const waitMs = this.program.scene.random.unit() * Math.min(MAX_WAIT_MS, 300 * 2 ** this.failures);
    void this.program.process.pause(waitMs).then(() => {
      this.isWaiting = false;
      if (!isDisposed(this.active.client.state) && this.next === undefined && !this.isStopped) this.ask();
      else this.look();
    });
  }

  /** The program has no further use for the channel: its calls end. */
  private loseChannel(): void {
    const { standing, scene, name } = this.program;
    const lost = this.instance.lose(ChannelLossReason.CLIENT_STOPPED);
    scene.hellos.allowFreshId(name);
    standing.losses.add(ChannelLossReason.CLIENT_STOPPED);
    if (lost === undefined) return;
    standing.lost(ChannelLossReason.CLIENT_STOPPED);
  }
}
