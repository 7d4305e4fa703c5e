import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { type ConnectionState, type LostChannel, RetryVerdict } from "../../../src/client/index.ts";
import { idToKey } from "../../../src/server/hashes.ts";
import { nameOf } from "./names.ts";
import type { Scene } from "./scene.ts";
import type { Standing } from "./standing.ts";

type Disconnected = Extract<ConnectionState["state"], { case: "disconnected" }>["value"];

/** The program whose client is watched. */
export interface WatchedProgram {
  readonly name: string;
  readonly standing: Standing;
  readonly sessionRef: string;
}

/** Holds what one client says and does against what the world has done to it. */
export class ClientWatch {
  private readonly scene: Scene;
  private readonly program: WatchedProgram;
  private standstill: "none" | "stopped" | "asked" = "none";

  constructor(scene: Scene, program: WatchedProgram) {
    this.scene = scene;
    this.program = program;
  }

  /** The program asks for a connection. */
  asked(): void {
    if (this.standstill === "stopped") this.standstill = "asked";
  }

  /** The client has another state. */
  changed({ state }: ConnectionState): void {
    const { judge, hellos } = this.scene;
    const { name, standing } = this.program;
    if (state.case === "connecting") {
      judge.claim(this.standstill !== "stopped", () => `${name} dials although it was told to stop`);
      this.standstill = "none";
    } else if (state.case === "disconnected") {
      this.disconnected(state.value);
    } else if (state.case === "connected" && state.value.attachment !== undefined) {
      if (standing.named(idToKey(state.value.attachment.channelId))) hellos.allowFreshId(name);
    }
  }

  /** The client says that its channel is lost: the daemon has lost it, or it is one of those that stop. */
  lost({ reason }: LostChannel): void {
    const { judge, hellos, channels, endedRefs } = this.scene;
    const { name, standing, sessionRef } = this.program;
    const id = standing.lost(reason);
    hellos.allowFreshId(name);
    judge.facts.count(`client lost ${nameOf(ChannelLossReason, reason)}`);
    const isStopped = reason === ChannelLossReason.CLIENT_STOPPED;
    const isExcused =
      (isStopped && (standing.mayStop || standing.isDone)) ||
      (reason === ChannelLossReason.SESSION_ENDED && endedRefs.has(sessionRef)) ||
      (!isStopped && id !== undefined && channels.isGone(id));
    judge.claim(
      isExcused,
      () => `${name} loses channel ${id} by ${nameOf(ChannelLossReason, reason)}, which the daemon has`,
    );
  }

  private disconnected({ loss, verdict }: Disconnected): void {
    const { judge, hellos } = this.scene;
    const { name, standing } = this.program;
    const code = loss?.code ?? CloseCode.UNSPECIFIED;
    const reason = loss?.reason ?? ConnectionLossReason.UNSPECIFIED;
    judge.facts.count(`${nameOf(ConnectionLossReason, reason)}${code === 0 ? "" : ` ${nameOf(CloseCode, code)}`}`);
    judge.claim(this.isExcused(code, reason), () => {
      return `${name} loses its connection by ${nameOf(ConnectionLossReason, reason)} ${nameOf(CloseCode, code)}: ${loss?.message}`;
    });
    const isStop = verdict === RetryVerdict.STOP || verdict === RetryVerdict.ASK_USER;
    const isFinal = reason === ConnectionLossReason.SUPERSEDED || (code >= 4400 && code < 4600);
    if (isStop || isFinal) this.standstill = "stopped";
    if (isStop || code >= 4300 || code === CloseCode.ATTEMPT_STALE) hellos.allowFreshId(name);
    if (isStop && standing.heldId === undefined) standing.lossCount += 1;
    if (standing.heldId !== undefined && verdict === RetryVerdict.ASK_USER)
      standing.losses.add(ChannelLossReason.CLIENT_STOPPED);
  }

  private isExcused(code: CloseCode, reason: ConnectionLossReason): boolean {
    const { standing, sessionRef } = this.program;
    switch (reason) {
      case ConnectionLossReason.VIOLATED:
      case ConnectionLossReason.WELCOME_REFUSED:
        return false;
      case ConnectionLossReason.SUPERSEDED:
        return standing.mayBeSuperseded;
      case ConnectionLossReason.CREDENTIAL_REFRESH_FAILED:
        return standing.mayStop;
      default:
        if (code < 4400) return code !== CloseCode.PROTOCOL_GAP && code !== CloseCode.CHANNEL_DONE;
        if (code === CloseCode.SESSION_ENDED) return this.scene.endedRefs.has(sessionRef);
        return code >= 4500 && standing.mayStop;
    }
  }
}
