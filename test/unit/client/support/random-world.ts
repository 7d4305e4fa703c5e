import type { Client } from "@connectrpc/connect";
import { CloseCode } from "../../../../gen/moorline/session/v1/close_code_pb.ts";
import type { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";
import type { MemoryPair } from "../../../../src/transport/memory.ts";
import { EchoService } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { HeldConnections } from "./held-connections.ts";
import type { ScriptedConnection, ScriptedDaemon } from "./scripted-daemon.ts";
import { type Stage, stageAt, stageClient } from "./stage.ts";

/** Every close code of the schema, and some that nobody knows. Those that go on come more often. */
const ALL_CODES: readonly CloseCode[] = [
  ...Object.values(CloseCode),
  ...([4_077, 4_177, 4_377, 4_477, 4_577, 77, 1_001] as CloseCode[]),
];
const CODES: readonly CloseCode[] = [
  ...ALL_CODES,
  ...Array(3)
    .fill(ALL_CODES.filter((code) => code < 4_400))
    .flat(),
];

/** A client to which everything happens at random, from a seed. */
export class RandomWorld {
  readonly clock: SimulatedClock;
  readonly daemon: ScriptedDaemon;
  readonly held: HeldConnections;
  readonly stage: Omit<Stage, "daemon" | "pair" | "heard">;
  /** What was asked for and has not come to an end. */
  readonly open = new Set<string>();
  private readonly random: SimulatedRandom;
  private readonly pair: MemoryPair;
  private readonly echo: Client<typeof EchoService>;
  private asked = 0;

  constructor(seed: number) {
    const { clock, daemon, pair } = stageClient();
    const random = new SimulatedRandom(seed);
    this.random = random;
    this.clock = clock;
    this.daemon = daemon;
    this.pair = pair;
    this.held = new HeldConnections(pair.transport);
    const credential = async () => (random.chance(0.8) ? { bearerToken: `token ${random.unit()}` } : undefined);
    const redial = random.chance(0.8);
    this.stage = stageAt(clock, pair, { random, transport: this.held, credential, redial });
    const { client } = this.stage;
    client.on("resumed", () => random.chance(0.1) && this.expect("close", client.close({ timeoutMs: 5 })));
    client.subscribe(() => random.chance(0.005) && client.dispose());
    this.echo = client.service(EchoService);
  }

  /** Lets something happen, then some time pass. */
  async step(): Promise<void> {
    this.random.pick([...this.userActions(), ...this.networkActions(), ...this.daemonActions()])();
    await this.clock.advanceAsync(this.random.pick([0, 1, 100, 1_000, 10_000, 40_000]));
  }

  /** Closes the client, and waits until everything has ended. */
  async end(): Promise<void> {
    this.expect("close", this.stage.client.close({ timeoutMs: 100 }));
    await this.clock.advanceAsync(5_000);
    for (const { link } of this.daemon.connections) link.stop();
    await this.clock.advanceAsync(5_000);
  }

  private expect(what: string, promise: Promise<unknown>): void {
    this.asked += 1;
    const name = `${what} ${this.asked}`;
    this.open.add(name);
    const settle = (): void => void this.open.delete(name);
    promise.then(settle, settle);
  }

  private userActions(): readonly (() => void)[] {
    const { client, lifecycle } = this.stage;
    const signals = ["foreground", "hidden", "frozen", "online", "offline"] as const;
    return [
      () => this.expect("ensureConnected", client.ensureConnected()),
      () => this.expect("call", this.echo.say({ text: "x" }, { timeoutMs: 0 })),
      () => this.expect("repeated call", this.echo.look({})),
      () => this.expect("ping", client.ping(this.random.int(100))),
      () => lifecycle.signal(this.random.pick(signals)),
      () => this.clock.sleep(this.random.int(60_000)),
    ];
  }

  private networkActions(): readonly (() => void)[] {
    const { daemon, random } = this;
    const last = (): ScriptedConnection | undefined => daemon.connections.at(-1);
    const accept = this.random.chance(0.7) ? daemon.accept.bind(daemon) : undefined;
    return [
      () => last()?.connection.abort(),
      () => last()?.connection.close(random.pick(CODES), "closed"),
      () => last()?.goAway(random.pick(CODES)),
      () => last()?.goAway(random.pick(CODES), "", { afterMs: random.int(5_000), jitterMs: random.int(5_000) }),
      () => last()?.goDeaf(),
      () => last()?.connection.send(random.bytes(random.int(20))),
      () => this.pair.accept(accept),
    ];
  }

  private daemonActions(): readonly (() => void)[] {
    const { daemon } = this;
    const code = this.random.pick(CODES);
    const policies: readonly ScriptedDaemon["onHello"][] = [
      (connection) => connection.welcome(),
      (connection) => connection.welcome(),
      (connection) => connection.reject(code),
      (connection) => connection.answer({ case: undefined }),
      () => {},
    ];
    const adopt = (policy: ScriptedDaemon["onHello"]) => () => {
      daemon.onHello = policy;
    };
    return [...policies.map(adopt), () => daemon.restart()];
  }
}
