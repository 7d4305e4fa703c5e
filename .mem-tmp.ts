import { createDaemonServer } from "/work/main/src/server/index.ts";
import { encodeClientPacket } from "/work/main/gen/moorline/session/v1/packet_moorline.ts";
import { encodeHello } from "/work/main/test/unit/server/support/hello.ts";
import { createHash } from "node:crypto";
const identity = { publicKey: new Uint8Array(32).fill(3), name: "x", version: "1" };
const N = 1000, R = 30;
const server = createDaemonServer({ identity, insecureNoAuth: true, onTransition: undefined as never, logger: {warn(){}, error(){}}, limits: { session: { maxSessions: 20000 }, connections: { maxOpen: 20000, maxPending: 20000 } } });
class Stub { bufferedBytes = 0; sent = 0; send(p: Uint8Array) { this.sent++; } close() {} abort() {} }
const packets = (a: number) => Array.from({ length: N }, (_, i) => encodeClientPacket({ received: 0, body: { case: "hello", value: encodeHello({ sessionKey: "session-key-number-" + String(i).padStart(10, "0"), freshChannelId: createHash("md5").update(String(i)).digest(), attempt: BigInt(a) }) }, unknown: undefined }));
const all = Array.from({ length: R }, (_, r) => packets(r + 1));
let listeners: any[] = [];
const tick = () => new Promise((r) => setImmediate(r));
for (let r = 0; r < R; r++) {
  const c0 = process.cpuUsage().user;
  for (const l of listeners) l.closed({ code: 1006, reason: "", cause: "closed" });
  await tick();
  const c1 = process.cpuUsage().user;
  listeners = all[r]!.map((p) => { const l = server.accept(new Stub() as never); l.received(p); return l; });
  await tick(); 
  const c2 = process.cpuUsage().user;
  if (r % 5 === 4) console.log("cut µs", ((c1 - c0) / N).toFixed(1), "reattach µs", ((c2 - c1) / N).toFixed(1));
}
process.exit(0);
