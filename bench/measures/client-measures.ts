import { type PeerClient, payloadOf } from "../peers/peer.ts";

/** What can be measured at the client; each takes its parameters and gives one figure. */
type ClientMeasure = (client: PeerClient, parameters: Readonly<Record<string, number>>) => Promise<number>;

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (count * 1000) / (performance.now() - startMs);
}

async function unary(call: (payload: Uint8Array) => Promise<void>, count: number, size: number, inFlight: number) {
  const payload = payloadOf(size);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call(payload);
    }
  };
  return perSecond(count, async () => void (await Promise.all(Array.from({ length: inFlight }, worker))));
}

async function medianRoundTrip(client: PeerClient, count: number, size: number): Promise<number> {
  const exchange = await client.chat();
  const payload = payloadOf(size);
  const micros: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const startMs = performance.now();
    await exchange(payload);
    micros.push((performance.now() - startMs) * 1000);
  }
  return micros.sort((a, b) => a - b)[count >> 1] ?? 0;
}

async function medianRecovery(client: PeerClient, count: number): Promise<number> {
  const micros: number[] = [];
  for (let i = 0; i < count; i += 1) micros.push((await client.recover?.()) ?? Number.NaN);
  return micros.sort((a, b) => a - b)[count >> 1] ?? 0;
}

/**
 * By name: messages a second for `down`, `downTogether`, `up`, `unary` and `unaryWithDeadline`, microseconds for `ping` and
 * `recovery`.
 */
export const clientMeasures: Readonly<Record<string, ClientMeasure>> = {
  down: (client, { count = 0, size = 0 }) => perSecond(count, () => client.down(count, size)),
  downTogether: (client, { count = 0, size = 0, streams = 1 }) => {
    const share = Math.ceil(count / streams);
    const work = async (): Promise<void> => {
      await Promise.all(Array.from({ length: streams }, () => client.down(share, size)));
    };
    return perSecond(share * streams, work);
  },
  up: (client, { count = 0, size = 0 }) => perSecond(count, () => client.up(count, size)),
  unary: (client, { count = 0, size = 0, inFlight = 1 }) => unary(client.unary, count, size, inFlight),
  unaryWithDeadline: (client, { count = 0, size = 0, inFlight = 1 }) =>
    unary(client.unaryWithDeadline ?? client.unary, count, size, inFlight),
  recovery: (client, { count = 0 }) => medianRecovery(client, count),
  ping: (client, { count = 0, size = 0 }) => medianRoundTrip(client, count, size),
};
