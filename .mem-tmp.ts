import { createDaemonServer } from "/work/main/src/server/index.ts";
import { encodeClientPacket } from "/work/main/gen/moorline/session/v1/packet_moorline.ts";
import { encodeHello } from "/work/main/test/unit/server/support/hello.ts";
import { createHash } from "node:crypto";
const identity = { publicKey: new Uint8Array(32).fill(3), name: "x", version: "1" };
const N = 15000;
const server = createDaemonServer({ identity, insecureNoAuth: true, onTransition: process.argv[2] ? () => {} : undefined as never, logger: {warn(){}, error(){}}, limits: { session: { maxSessions: 20000 }, connections: { maxOpen: 20000, maxPending: 20000 } } });
class Stub { bufferedBytes = 0; sent = 0; send(p: Uint8Array) { this.sent++; } close() {} abort() {} }
const packets = Array.from({ length: N }, (_, i) => encodeClientPacket({ received: 0, body: { case: "hello", value: encodeHello({ sessionKey: "session-key-number-" + String(i).padStart(10, "0"), freshChannelId: createHash("md5").update(String(i)).digest() }) }, unknown: undefined }));
const stubs = packets.map(() => new Stub());
globalThis.gc!(); const before = process.memoryUsage().heapUsed;
let t = performance.now(); const c0 = process.cpuUsage();
const listeners = stubs.map((s, i) => { const l = server.accept(s as never); l.received(packets[i]!); return l; });
const ms = performance.now() - t;
await new Promise((r) => setTimeout(r, 500));
globalThis.gc!(); 
console.log("KiB per session", (process.memoryUsage().heapUsed - before) / N / 1024, "accept µs", ms * 1000 / N, stubs[5]!.sent, server.metrics.sessions);
// resume storm: cut and resume
const epoch = (await import("/work/main/gen/moorline/session/v1/packet_pb.ts"));
const resume = Array.from({ length: N }, (_, i) => encodeClientPacket({ received: 0, body: { case: "hello", value: encodeHello({ sessionKey: "session-key-number-" + String(i).padStart(10, "0"), freshChannelId: createHash("md5").update(String(i)).digest(), attempt: 2n }) }, unknown: undefined }));
const cuts = performance.now();
for (const l of listeners) l.closed({ code: 1006, reason: "", cause: "closed" });
const cutMs = performance.now() - cuts;
t = performance.now();
const l2 = stubs.map((_, i) => { const l = server.accept(new Stub() as never); l.received(resume[i]!); return l; });
console.log("cut µs", cutMs * 1000 / N, "reattach µs", (performance.now() - t) * 1000 / N, server.metrics.channels);
process.exit(0);
