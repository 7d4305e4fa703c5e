import { describe, expect, it } from "vitest";
import {
  bytesOf,
  cancel,
  credit,
  end,
  halfClose,
  headers,
  message,
  open,
  outline,
} from "../../support/channel-frames.ts";
import { ScriptedPeer } from "../../support/channel-peer.ts";
import { readAll } from "../../support/channel-recorder.ts";

describe("Channel: ids of calls", () => {
  it("gives the client odd ids and the server even ones, when the open is numbered [CALL-1]", () => {
    for (const role of ["client", "server"] as const) {
      const peer = new ScriptedPeer({ role });
      peer.channel.detach();
      const given = [peer.open(), peer.open(), peer.open()];
      given[1]?.call.cancel();
      peer.channel.attach(0);
      expect(peer.outline()).toEqual(role === "client" ? ["1 open", "3 open"] : ["2 open", "4 open"]);
    }
  });

  it("uses no id twice, whatever became of its call [CALL-1]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open();
    peer.take();
    peer.send(end(1));
    peer.open().call.cancel();
    peer.open();
    expect(peer.outline()).toEqual(["3 open"]);
  });

  it("serves calls of its peer while it makes its own [CALL-1]", () => {
    const peer = new ScriptedPeer({ role: "client" });
    peer.open();
    peer.take();
    expect(peer.send(open(2), message(1, bytesOf(1)), message(2, bytesOf(2)))).toBeUndefined();
    expect(readAll(peer.last)).toEqual([bytesOf(2)]);
  });

  it("refuses an open of the wrong parity, of 0, or not above the highest [CALL-2]", () => {
    for (const id of [0, 2, 3, 5]) {
      const peer = new ScriptedPeer();
      peer.send(open(5));
      expect(peer.send(open(id))?.kind, `id ${id}`).toBe("violation");
      expect(peer.served.length).toBe(1);
    }
  });

  it("takes an open that leaves ids out, up to the highest that there is [CALL-2]", () => {
    const peer = new ScriptedPeer();
    expect(peer.send(open(101))).toBeUndefined();
    peer.open();
    peer.take();
    expect(peer.send(open(2 ** 53 - 1))).toBeUndefined();
    expect(peer.served.length).toBe(2);
  });

  it("refuses any other frame for a call that was never opened, by either side [CALL-2]", () => {
    const frames = [
      message(3, bytesOf(1)),
      message(0, bytesOf(1)),
      credit(2, 1),
      cancel(3),
      halfClose(7),
      end(2),
      headers(2),
    ];
    for (const frame of frames) {
      const peer = new ScriptedPeer();
      peer.send(open(1));
      expect(peer.send(frame)?.kind, outline([frame])[0]).toBe("violation");
    }
  });

  it("refuses from a caller what only a callee sends, and the other way round", () => {
    for (const frame of [headers(1), end(1)]) {
      const peer = new ScriptedPeer();
      peer.send(open(1));
      expect(peer.send(frame)?.kind).toBe("violation");
    }
    for (const frame of [cancel(1), halfClose(1)]) {
      const peer = new ScriptedPeer({ role: "client" });
      peer.open();
      peer.take();
      expect(peer.send(frame)?.kind).toBe("violation");
    }
  });
});
