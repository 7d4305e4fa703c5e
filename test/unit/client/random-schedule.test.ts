import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { isDisposed } from "../../../src/client/selectors.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Connection, Transport } from "../../../src/transport/connection.ts";
import { createMemoryPair } from "../../../src/transport/memory.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { ScriptedDaemon } from "./support/scripted-daemon.ts";
import { stageAt } from "./support/stage.ts";

const SEEDS = 150;
const STEPS = 40;

/** Every close code of the schema, and some that nobody knows. */
const CODES: readonly CloseCode[] = [
  ...Object.values(CloseCode).filter((code) => typeof code === "number"),
  ...([4_077, 4_177, 4_377, 4_477, 4_577, 77, 1_001] as CloseCode[]),
];

/** Counts the connections that a client holds: dialled, and neither ended by it nor over. */
function countHeld(transport: Transport): { readonly transport: Transport; readonly most: () => number } {
  const held = new Set<Connection>();
  let most = 0;
  return {
    most: () => most,
    transport: {
      name: transport.name,
      dial(endpoint, listener) {
        const connection = transport.dial(endpoint, {
          opened: () => listener.opened(),
          received: (message) => listener.received(message),
          drained: () => listener.drained(),
          closed(close) {
            held.delete(outer);
            listener.closed(close);
          },
        });
        const outer: Connection = {
          get bufferedBytes() {
            return connection.bufferedBytes;
          },
          send: (packet) => connection.send(packet),
          close(code, reason) {
            held.delete(outer);
            connection.close(code, reason);
          },
          abort() {
            held.delete(outer);
            connection.abort();
          },
        };
        held.add(outer);
        most = Math.max(most, held.size);
        return outer;
      },
    },
  };
}

async function play(seed: number): Promise<void> {
  const random = new SimulatedRandom(seed);
  const clock = new SimulatedClock();
  const pair = createMemoryPair(clock);
  const daemon = new ScriptedDaemon(clock, (router) => void router.service(EchoService, { say: ({ text }) => ({ text }) }));
  const accept = (connection: Connection) => daemon.accept(connection);
  pair.accept(accept);
  const held = countHeld(pair.transport);
  const tokens = async () => (random.chance(0.8) ? { bearerToken: `token ${random.unit()}` } : undefined);
  const { client, lifecycle, transitions, errors } = stageAt(clock, pair, {
    random,
    transport: held.transport,
    credential: tokens,
    redial: random.chance(0.8),
  });
  const open = new Set<string>();
  let asked = 0;
  const expectSettled = (what: string, promise: Promise<unknown>): void => {
    const name = `${what} ${++asked}`;
    open.add(name);
    const settle = () => void open.delete(name);
    promise.then(settle, settle);
  };
  client.on("resumed", () => random.chance(0.1) && expectSettled("close in resumed", client.close({ timeoutMs: 5 })));
  client.subscribe(() => random.chance(0.02) && client.dispose());
  const echo = client.service(EchoService);
  const last = () => daemon.connections.at(-1);
  const actions: readonly (() => void)[] = [
    () => expectSettled("ensureConnected", client.ensureConnected()),
    () => expectSettled("call", echo.say({ text: "x" }, { timeoutMs: 0 })),
    () => expectSettled("repeated call", echo.look({})),
    () => expectSettled("ping", client.ping(random.int(100))),
    () => last()?.connection.abort(),
    () => last()?.connection.close(random.pick(CODES), "closed"),
    () => last()?.goAway(random.pick(CODES)),
    () => last()?.goAway(random.pick(CODES), "", { afterMs: random.int(5_000), jitterMs: random.int(5_000) }),
    () => last()?.goDeaf(),
    () => last()?.connection.send(random.bytes(random.int(20))),
    () => daemon.restart(),
    () => pair.accept(random.chance(0.7) ? accept : undefined),
    () => {
      daemon.onHello = (connection) => connection.welcome();
    },
    () => {
      const code = random.pick(CODES);
      daemon.onHello = (connection) => connection.reject(code);
    },
    () => {
      daemon.onHello = (connection) => connection.answer({ case: undefined });
    },
    () => {
      daemon.onHello = () => {};
    },
    () => lifecycle.signal(random.pick(["foreground", "hidden", "frozen", "online", "offline"])),
    () => clock.sleep(random.int(60_000)),
  ];
  for (let step = 0; step < STEPS; step += 1) {
    random.pick(actions)();
    await clock.advanceAsync(random.pick([0, 1, 100, 1_000, 10_000, 40_000]));
  }
  expectSettled("close", client.close({ timeoutMs: 100 }));
  await clock.advanceAsync(5_000);
  const context = `seed ${seed}`;
  expect(isDisposed(client.state), context).toBe(true);
  expect([...open], context).toEqual([]);
  expect(held.most(), context).toBeLessThanOrEqual(1);
  expect(lifecycle.listenerCount, context).toBe(0);
  expect(transitions.length, context).toBeLessThan(2_000);
  const unexpected = errors.filter((error) => !/credential callback/.test(String(error)));
  expect(unexpected, context).toEqual([]);
  daemon.connections.forEach(({ link }) => link.stop());
  await clock.advanceAsync(5_000);
  expect(clock.pending, context).toBe(0);
}

describe("DaemonClient: random schedules", () => {
  it("settle every promise, hold one transport at most, and leave no timer [INV-3, INV-5, INV-14, RUN-3]", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) await play(seed);
  }, 120_000);
});
