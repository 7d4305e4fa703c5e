import { describe, expect, it } from "vitest";
import type { Generated } from "./support.ts";
import { generate, lineOf } from "./support.ts";

const DOOR = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";

// A door.
message DoorState {
  option (moorline.schema.v1.machine) = {
    name: "front_door"
    event: "acme.v1.DoorEvent"
    effect: "acme.v1.DoorEffect"
    phase: "acme.v1.DoorPhase"
  };
  // Where it is.
  oneof place {
    // Nobody gets in.
    Shut shut_tight = 1 [(moorline.schema.v1.state) = {
      initial: true
      on: [
        {event: "pulled", to: ["open", "shut_tight"]},
        {event: "burnt", to: ["gone"]}
      ]
    }];
    // Anybody gets in.
    Open open = 2 [(moorline.schema.v1.state) = {
      on: {event: "pushed", to: ["shut_tight"]}
    }];
    // No door.
    Gone gone = 3 [(moorline.schema.v1.state) = {terminal: true}];
  }
  message Shut {}
  message Open {}
  message Gone {}
}

message DoorEvent {
  oneof event {
    // Somebody pulled.
    Nothing pulled = 1;
    Nothing pushed = 2;
    Nothing burnt = 3;
  }
}

message DoorEffect {
  oneof effect {
    Nothing ring_bell = 1;
  }
}

message Nothing {}

enum DoorPhase {
  DOOR_PHASE_UNSPECIFIED = 0;
  DOOR_PHASE_SHUT_TIGHT = 1;
  DOOR_PHASE_OPEN = 2;
  DOOR_PHASE_GONE = 3;
}
`;

const FILE = "acme/v1/door.proto";

function generateDoor(change: (text: string) => string = (text) => text): Generated {
  const text = change(DOOR);
  return generate({ [FILE]: text });
}

describe("protoc-gen-moorline: machines", () => {
  it("prints the table of a machine", () => {
    const { errors, files } = generateDoor();
    expect(errors).toEqual([]);
    expect(Object.keys(files)).toEqual(["acme/v1/door_moorline.ts"]);
    expect(files["acme/v1/door_moorline.ts"]).toContain(`export const frontDoorTransitions = {
  shut_tight: {
    pulled: ["open", "shut_tight"],
    burnt: ["gone"],
  },
  open: {
    pushed: ["shut_tight"],
  },
  gone: {},
} as const satisfies {
  readonly [S in FrontDoorStateName]: { readonly [E in FrontDoorEventName]?: readonly FrontDoorStateName[] };
};`);
  });

  it("prints names, ends and phases", () => {
    const text = generateDoor().files["acme/v1/door_moorline.ts"];
    expect(text).toContain(`export type FrontDoorStateName =\n  | "shut_tight"\n  | "open"\n  | "gone";`);
    expect(text).toContain(`export type FrontDoorEventName =\n  | "pulled"\n  | "pushed"\n  | "burnt";`);
    expect(text).toContain(`export type FrontDoorEffectName =\n  | "ring_bell";`);
    expect(text).toContain(`export const frontDoorInitialState = "shut_tight";`);
    expect(text).toContain(`export const frontDoorTerminalStates = ["gone"] as const;`);
    expect(text).toContain(`export const frontDoorTable = {\n  name: "front_door",`);
    expect(text).toContain(`  shut_tight: DoorPhase.SHUT_TIGHT,\n  open: DoorPhase.OPEN,\n  gone: DoorPhase.GONE,\n`);
  });

  it("prints the function from a state to its phase, importing what protoc-gen-es has made", () => {
    const text = generateDoor().files["acme/v1/door_moorline.ts"];
    expect(text).toContain(`import { DoorPhase } from "./door_pb.ts";`);
    expect(text).toContain(`export function frontDoorPhaseOf(state: DoorState): DoorPhase {
  switch (state.place.case) {
    case "shutTight":
      return DoorPhase.SHUT_TIGHT;`);
    expect(text).toContain(`    default:\n      return DoorPhase.UNSPECIFIED;`);
  });

  it("prints each message of the file as plain data too", () => {
    const text = generateDoor().files["acme/v1/door_moorline.ts"];
    expect(text).toMatch(/^import type \{ DoorEffect as DoorEffect\$1, .*\} from "\.\/door_pb\.ts";$/m);
    expect(text).toContain(`import type { Plain } from "../../../src/core/plain.ts";`);
    expect(text).toContain(`export type DoorState = Plain<DoorState$1, "acme.v1">;`);
    expect(text).toContain(`export type DoorState_Shut = Plain<DoorState_Shut$1, "acme.v1">;`);
  });

  it("finds the phases, events and effects in other files", () => {
    const cut = DOOR.indexOf("enum DoorPhase");
    const phase = `syntax = "proto3";\npackage acme.v1;\n${DOOR.slice(cut)}`;
    const door = DOOR.slice(0, cut).replace("import", `import "acme/state/v1/phase.proto";\nimport`);
    const { errors, files } = generate({ [FILE]: door, "acme/state/v1/phase.proto": phase });
    expect(errors).toEqual([]);
    expect(files["acme/v1/door_moorline.ts"]).toContain(`import { DoorPhase } from "../state/v1/phase_pb.ts";`);
  });
});

describe("protoc-gen-moorline: machines that cannot be", () => {
  /** Replaces `from` by `to` and expects one problem at the line that has `at` after the change. */
  function expectProblem(from: string, to: string, at: string, message: string): void {
    expect(DOOR).toContain(from);
    const changed = DOOR.replace(from, to);
    const { errors, files } = generate({ [FILE]: changed });
    expect(errors).toEqual([`${FILE}:${lineOf(changed, at)}: ${message}`]);
    expect(files).toEqual({});
  }

  it.each([
    [
      "a row for an unknown event",
      `to: ["gone"]}`,
      `to: ["gone"]}, {event: "licked", to: ["gone"]}`,
      "on: [",
      `shut_tight has a row for "licked", which is no event of DoorEvent`,
    ],
    [
      "an unknown state in a row",
      `["gone"]`,
      `["gone", "lost"]`,
      "on: [",
      `the row for burnt in shut_tight leads to "lost", which is no state`,
    ],
    [
      "a row that leads nowhere",
      `["gone"]`,
      `["gone"]}, {event: "pushed", to: []`,
      "on: [",
      "the row for pushed in shut_tight leads nowhere",
    ],
    [
      "a second row",
      `to: ["gone"]}`,
      `to: ["gone"]},\n{event: "pulled", to: ["gone"]}`,
      "on: [",
      "shut_tight has a second row for pulled",
    ],
    ["no initial state", "      initial: true\n", "", "message DoorState", "DoorState has no initial state"],
    [
      "two initial states",
      "{terminal: true}",
      "{initial: true, terminal: true}",
      "Gone gone = 3",
      "gone is initial, but so is shut_tight",
    ],
    [
      "a state that cannot be left",
      `to: ["shut_tight"]`,
      `to: ["open"]`,
      "Open open = 2",
      "open cannot be left and is not terminal",
    ],
    ["a state without rows", `{terminal: true}`, `{}`, "Gone gone = 3", "gone cannot be left and is not terminal"],
    [
      "a terminal state with rows",
      "{terminal: true}",
      `{terminal: true, on: {event: "pushed", to: ["open"]}}`,
      "Gone gone = 3",
      "gone is terminal, but has rows",
    ],
    [
      "a state without the option",
      " [(moorline.schema.v1.state) = {terminal: true}]",
      "",
      "Gone gone = 3",
      "the state gone needs the option `state`",
    ],
    [
      "a field beside the oneof",
      "  message Shut {}",
      "  bool locked = 9;\n  message Shut {}",
      `option (moorline`,
      "DoorState needs exactly one oneof, the states, and no other field",
    ],
    [
      "two oneofs",
      "  message Shut {}",
      "  oneof other { bool locked = 9; }\n  message Shut {}",
      `option (moorline`,
      "DoorState needs exactly one oneof, the states, and no other field",
    ],
    [
      "an event that no state handles",
      "Nothing burnt = 3;",
      "Nothing burnt = 3;\n    Nothing painted = 4;",
      "painted = 4",
      "no state of the machine front_door has a row for painted",
    ],
    [
      "an unknown Event message",
      `"acme.v1.DoorEvent"`,
      `"acme.v1.Event"`,
      "option (moorline",
      `no message "acme.v1.Event" for the events`,
    ],
    [
      "an Event message without a oneof",
      `"acme.v1.DoorEvent"`,
      `"acme.v1.Nothing"`,
      "option (moorline",
      "acme.v1.Nothing needs exactly one oneof, the events, and no other field",
    ],
    ["an unknown Effect message", `"acme.v1.DoorEffect"`, `""`, "option (moorline", `no message "" for the effects`],
    [
      "an Effect message with another field",
      "Nothing ring_bell = 1;\n  }",
      "Nothing ring_bell = 1;\n  }\n  bool loud = 2;",
      "option (moorline",
      "acme.v1.DoorEffect needs exactly one oneof, the effects, and no other field",
    ],
    [
      "an unknown enum of phases",
      `"acme.v1.DoorPhase"`,
      `"acme.v1.Phase"`,
      "option (moorline",
      `no enum "acme.v1.Phase" for the phases`,
    ],
    ["a state without a phase", "  DOOR_PHASE_GONE = 3;\n", "", "Gone gone = 3", "DoorPhase has no DOOR_PHASE_GONE"],
    [
      "a phase without a state",
      "DOOR_PHASE_GONE = 3;",
      "DOOR_PHASE_GONE = 3;\n  DOOR_PHASE_LOST = 4;",
      "DOOR_PHASE_LOST",
      "DOOR_PHASE_LOST is no state of DoorState",
    ],
    [
      "no name",
      `name: "front_door"`,
      `name: "Front Door"`,
      "option (moorline",
      `a machine needs a name in lower case, not "Front Door"`,
    ],
  ])("refuses %s [SCHEMA-4]", (_, from, to, at, message) => expectProblem(from, to, at, message));

  it("refuses a state that cannot be reached [SCHEMA-4]", () => {
    const changed = DOOR.replace(`["open", "shut_tight"]`, `["gone"]`);
    const { errors } = generate({ [FILE]: changed });
    expect(errors).toEqual([`${FILE}:${lineOf(changed, "Open open = 2")}: open cannot be reached`]);
  });

  it("refuses the option `state` where there is no machine", () => {
    const stray = `${DOOR}message Stray {\n  bool here = 1 [(moorline.schema.v1.state) = {}];\n}\n`;
    const { errors } = generate({ [FILE]: stray });
    expect(errors).toEqual([
      `${FILE}:${lineOf(stray, "bool here")}: here has the option \`state\`, but Stray is not a machine`,
    ]);
  });

  it("says everything that is wrong, at once", () => {
    const { errors } = generateDoor((text) => text.replace(`["gone"]`, `["lost"]`).replace(`"pulled"`, `"licked"`));
    expect(errors.map((line) => line.replace(/^.*:\d+: /, ""))).toEqual([
      `shut_tight has a row for "licked", which is no event of DoorEvent`,
      `the row for burnt in shut_tight leads to "lost", which is no state`,
      "gone cannot be reached",
      "no state of the machine front_door has a row for pulled",
    ]);
  });
});
