import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { FaultControls } from "../faults/fault-transport.ts";
import type { PacketLog } from "../log/packet-log.ts";
import type { TransitionJournal } from "../log/transition-journal.ts";
import type { AgentArrangement } from "./arrange-agents.ts";
import type { Source } from "./source.ts";

/** All that the pages of the console show, and all that they can ask for. Nothing here is a connection. */
export interface ConsoleModel {
  /** The hosts that are known. Tells when one comes, goes, or has other paths, and of nothing that happens to them. */
  readonly hosts: Source<readonly ConsoleHost[]>;
  /** A host that is known. */
  readonly host: (serverId: string) => ConsoleHost | undefined;
  /**
   * Adds a daemon by its address, and asks it who it is. @returns Its server id.
   * @throws MoorlineError where the address is none, or nobody answers there.
   */
  readonly addHost: (address: string, token?: string) => Promise<string>;
  /** Has a host tried again with another token. Does nothing where there is no such host. */
  readonly giveToken: (serverId: string, token: string) => void;
  /** Forgets a host: its connection is ended, and what is kept of it is removed. */
  readonly forgetHost: (serverId: string) => Promise<void>;
}

/** How a host is doing, in one word; decides its colour. */
export type Standing = "online" | "working" | "failed" | "idle";

/** Where a host is. */
export interface HostStatus {
  readonly standing: Standing;
  /** The state of its machine, or of its connection. */
  readonly phase: string;
  /** The name and version of the daemon. Empty while it is not known. */
  readonly program: string;
  /** `direct` or `relay`. Empty without a connection. */
  readonly path: string;
  /** Goes up with every switch and every connection. */
  readonly generation: number;
  /** Stands for the session in logs. Empty while there is none. */
  readonly sessionRef: string;
  /** Why it is not online. */
  readonly problem?: Problem;
}

/** Something that did not go well, for people. */
export interface Problem {
  readonly code: string;
  readonly text: string;
  readonly action: string;
}

/** A host, with everything that can be watched and asked for. */
export interface ConsoleHost {
  readonly serverId: string;
  readonly label: string;
  readonly status: Source<HostStatus>;
  readonly journal: TransitionJournal;
  readonly packets: PacketLog;
  readonly paths: Source<readonly PathEntry[]>;
  readonly faults: FaultControls;
  readonly directory: Source<DirectoryView>;
  /** How many agents are known. */
  readonly agentCount: Source<number>;
  /** The ids of the agents that are shown, in their order. Tells when one comes, goes or changes its place. */
  readonly agentIds: (arrangement: AgentArrangement) => Source<readonly string[]>;
  /** Whether the directory lists archived agents too. */
  readonly isArchivedShown: () => boolean;
  readonly agent: (agentId: string) => Source<Agent | undefined>;
  readonly timeline: (agentId: string) => Source<TimelineView>;
  readonly intents: HostIntents;
}

/** A way to a daemon. */
export interface PathEntry {
  readonly candidateId: string;
  /** Its address. */
  readonly address: string;
  readonly kind: "direct" | "relay";
  readonly use: "active" | "standby" | "set aside";
  /** Whether somebody wants it before all others. */
  readonly isWanted: boolean;
  /** The last round trips, the oldest first, in milliseconds. */
  readonly roundTripsMs: readonly number[];
  /** Why it is set aside, or what its last probe met. Empty: nothing. */
  readonly note: string;
}

/** What a view of synced data shows, by `moorline.state.v1.Presentation`. */
export type Presentation =
  | "none"
  | "overlay"
  | "toast"
  | "reconnecting_badge"
  | "error_badge"
  | "error_screen"
  | "not_found";

/** What is common to views of synced data. */
export interface SyncedView {
  readonly presentation: Presentation;
  /** The state of the sync machine. */
  readonly sync: string;
  readonly problem?: Problem;
}

/** How the directory of a host stands, without its agents: a list reads their ids, and a row its agent. */
export interface DirectoryView extends SyncedView {
  /** Agents that were asked for and are not there yet, or could not be made. */
  readonly creations: readonly Creation[];
}

/** An agent that was asked for. */
export interface Creation {
  readonly key: string;
  readonly title: string;
  /** Undefined: under way. */
  readonly problem?: Problem;
}

/** The timeline of an agent. */
export interface TimelineView extends SyncedView {
  /** In the order of `seq`. */
  readonly items: readonly TimelineItem[];
  readonly hasEarlier: boolean;
  /** How it stands with the items before: nobody asks for them, they are on their way, or it did not go well. */
  readonly earlier: "idle" | "loading" | { readonly problem: Problem };
}

/** What can be asked of a host. Those that give a promise reject with a MoorlineError or an error of the call. */
export interface HostIntents {
  readonly retry: () => void;
  readonly refresh: () => void;
  /** Takes a path by its candidate. Undefined: whichever is best. */
  readonly chooseCandidate: (candidateId: string | undefined) => void;
  /** Whether archived agents are listed too. */
  readonly showArchived: (isShown: boolean) => void;
  /** @returns The id of the agent. */
  readonly runCommand: (command: CommandForm) => Promise<string>;
  readonly dismissCreation: (key: string) => void;
  readonly sendPrompt: (agentId: string, text: string) => Promise<void>;
  readonly cancelTurn: (agentId: string) => Promise<void>;
  readonly archive: (agentId: string) => Promise<void>;
  readonly resolvePermission: (agentId: string, permissionId: string, optionId: string) => Promise<void>;
  readonly loadEarlier: (agentId: string) => Promise<void>;
}

/** A command as it was typed in. */
export interface CommandForm {
  readonly argv: readonly string[];
  readonly title: string;
  /** Empty: where the daemon works. */
  readonly workingDirectory: string;
  /** Whether it gets no input. */
  readonly closeInput: boolean;
}
