import { createFrame, decodeFrame, encodeFrame, sizeFrame, writeFrame, decodeServerPacket, encodeServerPacket, createServerPacket, createFrames } from "/work/main/gen/moorline/session/v1/packet_moorline.ts";
import { FrameSchema } from "/work/main/gen/moorline/session/v1/packet_pb.ts";
import { create, toBinary, fromBinary } from "@bufbuild/protobuf";
const payload = new Uint8Array(64).fill(7);
const frame = createFrame({ callId: 301, body: { case: "message", value: payload } });
const bytes = encodeFrame(frame);
const open = createFrame({ callId: 301, body: { case: "open", value: { method: "acme.exec.v1.ExecService/Run", headers: [{name:"authorization", value:"Bearer abcdef0123456789"}], timeoutMs: 30000, message: payload, idempotencyKey: undefined, credit: 262144 } } });
const openBytes = encodeFrame(open);
const packet = createServerPacket({ received: 12345, body: { case: "frames", value: createFrames({ first: 99999, frames: Array.from({length: 64}, () => frame) }) } });
const packetBytes = encodeServerPacket(packet);
const buf = new Uint8Array(65536);
const g = create(FrameSchema, { callId: 301n, body: { case: "message", value: payload } });
let sink = 0;
function bench(name: string, n: number, per: number, f: () => number) {
  for (let i = 0; i < n; i++) sink += f();
  const rs = [];
  for (let r = 0; r < 7; r++) { const t = process.hrtime.bigint(); for (let i = 0; i < n; i++) sink += f(); rs.push(Number(process.hrtime.bigint() - t) / n / per); }
  rs.sort((a, b) => a - b); console.log(name.padEnd(40), rs[3]!.toFixed(1), "ns");
}
for (let round = 0; round < 2; round++) {
bench("encodeFrame 64B", 1e6, 1, () => encodeFrame(frame).length);
bench("sizeFrame+writeFrame 64B", 1e6, 1, () => { sizeFrame(frame); return writeFrame(frame, buf, 0); });
bench("decodeFrame 64B", 1e6, 1, () => decodeFrame(bytes).callId);
bench("decode packet of 64, per frame", 3e4, 64, () => decodeServerPacket(packetBytes).received);
bench("encode packet of 64, per frame", 3e4, 64, () => encodeServerPacket(packet).length);
bench("encode open", 3e5, 1, () => encodeFrame(open).length);
bench("sizeFrame open", 3e5, 1, () => sizeFrame(open));
bench("writeFrame open", 3e5, 1, () => writeFrame(open, buf, 0));
bench("decode open", 3e5, 1, () => decodeFrame(openBytes).callId);
bench("general encode", 3e5, 1, () => toBinary(FrameSchema, g).length);
bench("general decode", 3e5, 1, () => fromBinary(FrameSchema, bytes).last ? 1 : 0);
}
console.log(sink);
{ const f3 = createFrame({ callId: 300001, body: { case: "message", value: payload } }); const b3 = encodeFrame(f3);
bench("decodeFrame 64B callId 3 bytes", 1e6, 1, () => decodeFrame(b3).callId); }
