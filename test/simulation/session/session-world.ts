import { parseSessionKey, type SessionKey } from "../../../src/client/index.ts";
import { keyToName } from "../../../src/server/handshake.ts";
import { channelLimits, sessionLimits } from "../../../src/wire/limits.ts";
import { createScene } from "./create-scene.ts";
import { Daemon, ENDPOINTS } from "./daemon.ts";
import { isProber, judgeUnusedKey, startProbe } from "./prober.ts";
import { Program } from "./program.ts";
import { runWorld } from "./run-world.ts";
import type { Scene } from "./scene.ts";
import { maxProgramsOf } from "./session-plan.ts";

/** How often is looked at what has to be true at any time. */
const LOOK_EVERY_MS = 2_500;
/** What a call may hold unread: its credit, and one frame over it. */
const BYTES_OF_CALL = channelLimits.initialCreditBytes + channelLimits.maxFrameBytes;
/** One large message that is put together beyond its call's credit, and what the windows of all calls may grow by. */
const BYTES_BESIDE_CALLS = 1024 * 1024 + channelLimits.maxCreditGrowthBytes;
/** Of a program, which has so many calls of its own and of the daemon at most. */
const MAX_PROGRAM_BYTES = channelLimits.maxOutboxBytes + 80 * BYTES_OF_CALL + BYTES_BESIDE_CALLS;

/** Everybody in a world: the daemon, the programs, those that only probe. */
export class SessionWorld {
  readonly scene: Scene;
  readonly daemon: Daemon;
  /** Every program that ever was, by its name. */
  readonly programs = new Map<string, Program>();
  private readonly keys: readonly SessionKey[];
  /** A key that nobody but probes uses. */
  private readonly unusedKey = keyOf("unused");
  private probes = 0;
  private isLooking = true;

  constructor(seed: number, eventCount: number) {
    const isDraining = (): boolean => this.daemon.isDraining;
    const excuses = {
      isDone: (channelId: string) => this.isDone(channelId),
      isHeld: (channelId: string) => this.isHeld(channelId),
      get isDraining() {
        return isDraining();
      },
    };
    this.scene = createScene(seed, eventCount, excuses);
    const { plan } = this.scene;
    this.daemon = new Daemon(this.scene);
    this.keys = Array.from({ length: plan.keys }, (_, index) => keyOf(String(index)));
    for (const { sessionRef, sessionHash } of this.keys.map(keyToName)) this.scene.hashes.set(sessionRef, sessionHash);
    for (let i = 0; i < plan.programs; i += 1) this.addProgram();
  }

  /** Lets time pass until something holds, or is broken. @returns Whether it holds. */
  run(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return runWorld(this.scene, predicate, limitMs);
  }

  /** Looks now and then at what has to be true at any time. */
  startLooking(): void {
    const look = (): void => {
      if (!this.isLooking) return;
      this.judgeAlways();
      this.scene.clock.setTimer(LOOK_EVERY_MS, look);
    };
    look();
  }

  /** Looks no more. */
  restLooking(): void {
    this.isLooking = false;
  }

  /** The programs that run and have not ended. */
  livingPrograms(): Program[] {
    return [...this.programs.values()].filter(({ process, standing }) => process.isAlive && !standing.isDone);
  }

  /** Starts a program. @param key Default: one of those that there are. */
  addProgram(key: SessionKey = this.scene.random.pick(this.keys)): void {
    const name = `program-${this.programs.size}`;
    this.programs.set(name, new Program(this.scene, name, key));
  }

  /** A program ends, and another of the same key begins, unless the one that ends sleeps and goes on for a while. */
  restart(program: Program, end: () => void): void {
    end();
    if (this.livingPrograms().length < maxProgramsOf(this.scene.plan)) this.addProgram(program.key);
  }

  /** Somebody measures a path, with a key that is in use or not. */
  probe(): void {
    const { random } = this.scene;
    this.probes += 1;
    const key = random.pick([...this.keys, this.unusedKey]);
    const isPromoted = key !== this.unusedKey && random.chance(0.3);
    startProbe(this.scene, random.pick(ENDPOINTS), key, isPromoted, this.probes);
  }

  /** Somebody at the daemon ends the session of a program. */
  endSession({ sessionRef }: Program): void {
    this.scene.endedRefs.add(sessionRef);
    const { server, process } = this.daemon;
    process?.perform(() => void server?.sessions.end(sessionRef));
  }

  /** Whether a living program holds a channel. */
  private isHeld(channelId: string): boolean {
    return this.livingPrograms().some(({ standing }) => standing.heldId === channelId);
  }

  /** Whether whoever has made a channel has ended it, or was thrown out. */
  isDone(channelId: string): boolean {
    const name = this.scene.hellos.makerOf(channelId) ?? "";
    const maker = this.programs.get(name);
    if (maker === undefined) return isProber(name);
    const { isDone, isRevoked, mayBeSuperseded } = maker.standing;
    // An instance outlives its clients: none of them says that the channel is done.
    return isRevoked || (isDone && !mayBeSuperseded);
  }

  /** What is not at its end. */
  describeUnrest(): string {
    const { ledger } = this.scene;
    const waiting = this.livingPrograms().filter(({ owner }) => !owner.isConnected);
    const names = waiting.map(({ name, owner }) => `${name} is ${owner.phase}`);
    return [...names, ...ledger.findOpen("answerable")].slice(0, 5).join("; ");
  }

  /** A program has the channel that it knows of, and no other: attempts that were given up have made none. */
  judgeOrphans(): void {
    const { judge, hellos, channels } = this.scene;
    for (const { name, standing } of this.livingPrograms()) {
      const count = hellos.channelsOf(name).filter((id) => channels.isThere(id)).length;
      const most = 1 + standing.lossCount;
      judge.claim(count >= 1 && count <= most, () => `${name} has ${count} channels at the daemon`);
    }
  }

  /** What has to be true at any time. */
  judgeAlways(): void {
    const { judge, network, plan } = this.scene;
    judge.claim(network.thrown.length === 0, () => `a listener has thrown: ${network.thrown[0]}`);
    judgeUnusedKey(this.scene, this.unusedKey);
    for (const { name, owner } of this.livingPrograms()) {
      judge.claim(owner.heldBytes <= MAX_PROGRAM_BYTES, () => `${name} holds ${owner.heldBytes} bytes`);
    }
    const { server } = this.daemon;
    if (server === undefined) return;
    const sessions = server.sessions.list();
    judge.claim(sessions.length <= plan.keys, () => `${sessions.length} sessions of ${plan.keys} keys`);
    for (const { channels } of sessions) {
      judge.claim(channels.length <= sessionLimits.maxChannels, () => `a session has ${channels.length} channels`);
      for (const { calls, heldBytes } of channels) {
        const most = channelLimits.maxOutboxBytes + BYTES_BESIDE_CALLS + calls * BYTES_OF_CALL;
        judge.claim(heldBytes <= most, () => `a channel with ${calls} calls holds ${heldBytes} bytes`);
      }
    }
    const { open, channels } = server.metrics;
    judge.claim(open.attached === channels.attached, () => {
      return `${open.attached} connections are attached to ${channels.attached} channels`;
    });
  }
}

/** A key that everybody who looks for secrets finds. */
function keyOf(name: string): SessionKey {
  return parseSessionKey(`SECRET-SESSION-KEY-${name}-0123456789`);
}
