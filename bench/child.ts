/** A process of the rig: does what it is asked to by messages of its parent. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Crowd } from "./crowds/crowd.ts";
import { loadCrowd } from "./crowds/index.ts";
import { type HeapUse, heapByKind } from "./heap.ts";
import { clientMeasures } from "./measures/client-measures.ts";
import { loadPeer } from "./peers/index.ts";
import type { PeerClient } from "./peers/peer.ts";
import { type Profiler, type SelfTime, startProfiler } from "./profiler.ts";
import type { RigRequest, Usage } from "./rig.ts";
import { loadScene } from "./scenes/index.ts";
import { type Acts, type Figures, NOTHING } from "./scenes/scene.ts";

let client: PeerClient | undefined;
let crowd: Crowd | undefined;
let profiler: Profiler | undefined;
let acts: Acts = {};
let begun: Promise<Figures> | undefined;

type Answer = number | Figures | Usage | readonly SelfTime[] | readonly HeapUse[];

async function answer(request: RigRequest): Promise<Answer> {
  switch (request.do) {
    case "serve":
      return (await loadPeer(request.peer)).serve();
    case "dial":
      client = await (await loadPeer(request.peer)).dial(request.port);
      return 0;
    case "measure":
      return measure(request.measure, request.parameters);
    case "stage":
      return stage(request.scene, request.peer, request.port);
    case "act":
      return act(request.act, request.parameters);
    case "begin":
      begun = act(request.act, request.parameters);
      // Whoever asks for its outcome hears of it.
      begun.catch(() => {});
      return 0;
    case "outcome":
      return begun ?? NOTHING;
    case "crowd":
      crowd ??= await loadCrowd(request.peer, request.port);
      await crowd.grow(request.count);
      return 0;
    case "cut":
      await crowd?.cut();
      return 0;
    case "comeBack":
      await crowd?.comeBack();
      return 0;
    case "cpu":
      return cpuMicros();
    case "usage":
      return usage();
    case "heap":
      return heapByKind();
    case "profile":
      profiler = await startProfiler();
      return 0;
    case "profiled":
      return (await profiler?.stop()) ?? [];
  }
}

async function measure(name: string, parameters: Readonly<Record<string, number>>): Promise<number> {
  const work = clientMeasures[name];
  if (work === undefined || client === undefined) throw new Error(`cannot measure ${name}`);
  return work(client, parameters);
}

/** @param port Where the server is. Undefined: this is to be the server. @returns The port of the server. */
async function stage(name: string, peer: string, port: number | undefined): Promise<number> {
  const scene = await loadScene(name, peer);
  if (port !== undefined) {
    acts = await scene.dial(port);
    return port;
  }
  const server = await scene.serve();
  acts = server.acts;
  return server.port;
}

async function act(name: string, parameters: Figures): Promise<Figures> {
  const perform = acts[name];
  if (perform === undefined) throw new Error(`nobody can ${name} here`);
  return perform(parameters);
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function usage(): Promise<Usage> {
  // What the first collection finalises is free after the second.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.();
    await sleep(100);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external };
}

process.on("message", (request: RigRequest) => {
  answer(request).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
