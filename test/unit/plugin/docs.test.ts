import { describe, expect, it } from "vitest";
import { generate } from "./support.ts";

const LAMP = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";

// A lamp. It
// shines | or not.
//
// Second paragraph.
message LampState {
  option (moorline.schema.v1.machine) = {
    name: "lamp", event: "acme.v1.LampEvent", effect: "acme.v1.LampEffect", phase: "acme.v1.LampPhase"
  };
  oneof state {
    // It is dark.
    Off off = 1 [(moorline.schema.v1.state) = {
      initial: true
      on: [{event: "pressed", to: ["on"]}, {event: "dropped", to: ["broken"]}, {event: "hit", to: ["off", "broken"]}]
    }];
    // It shines.
    On on = 2 [(moorline.schema.v1.state) = {on: [{event: "pressed", to: ["off"]}]}];
    // Shards.
    Broken broken = 3 [(moorline.schema.v1.state) = {terminal: true}];
  }
  message Off {}
  // It shines. Somebody pays for it.
  message On {
    double since_ms = 1;
    uint32 watts = 2;
  }
  message Broken {}
}

message LampEvent {
  oneof event {
    // Somebody pressed the button.
    Off pressed = 1;
    // It fell.
    Off dropped = 2;
    // It was hit.
    Off hit = 3;
  }
  message Off {}
}

message LampEffect {
  oneof effect {
    // Lets current through.
    Close close_circuit = 1;
  }
  message Close {
    uint32 volts = 1;
  }
}

enum LampPhase {
  LAMP_PHASE_UNSPECIFIED = 0;
  LAMP_PHASE_OFF = 1;
  LAMP_PHASE_ON = 2;
  LAMP_PHASE_BROKEN = 3;
}
`;

describe("protoc-gen-moorline docs: states.md", () => {
  const { errors, files } = generate({ "acme/v1/lamp.proto": LAMP }, "docs");
  const text = files["states.md"];

  it("is the only file where there are no errors to describe", () => {
    expect(errors).toEqual([]);
    expect(Object.keys(files)).toEqual(["states.md"]);
  });

  it("says what the machine is", () => {
    expect(text).toContain("\n## lamp\n\nA lamp. It shines | or not.\n\nSecond paragraph.\n");
    expect(text).toContain("State: `acme.v1.LampState`. Event: `acme.v1.LampEvent`.");
  });

  it("draws the machine", () => {
    expect(text).toContain(`\`\`\`mermaid
stateDiagram-v2
  [*] --> off
  off --> off: hit
  off --> on: pressed
  off --> broken: dropped<br/>hit
  on --> off: pressed
  broken --> [*]
\`\`\``);
  });

  it("has a table of events by states", () => {
    expect(text).toContain(`| event | in off | in on | in broken |
|---|---|---|---|
| \`pressed\` | on | off |  |
| \`dropped\` | broken |  |  |
| \`hit\` | off, broken |  |  |`);
  });

  it("lists states, events and effects with their comments, the fuller one of field and message", () => {
    expect(text).toContain("| `off` | It is dark. Initial. |  |");
    expect(text).toContain("| `on` | It shines. Somebody pays for it. | `since_ms`, `watts` |");
    expect(text).toContain("| `broken` | Shards. Terminal. |  |");
    expect(text).toContain("| `pressed` | Somebody pressed the button. |  |");
    expect(text).toContain("| `close_circuit` | Lets current through. | `volts` |");
  });

  it("is not written for a machine that cannot be", () => {
    const broken = LAMP.replace("{terminal: true}", "{}");
    const result = generate({ "acme/v1/lamp.proto": broken }, "docs");
    expect(result.errors).toHaveLength(1);
    expect(result.files).toEqual({});
  });
});

describe("protoc-gen-moorline docs: errors.md", () => {
  const codes = `syntax = "proto3";
package acme.v1;
import "moorline/schema/v1/options.proto";
// Why it ended.
enum ExitCode {
  EXIT_CODE_UNSPECIFIED = 0;
  // Not you | nor me.
  EXIT_CODE_REFUSED = 4500 [
    (moorline.schema.v1.retry) = RETRY_VERDICT_ASK_USER,
    (moorline.schema.v1.grpc_status) = 7,
    (moorline.schema.v1.rejection) = true,
    (moorline.schema.v1.action) = "Say please."
  ];
}
`;
  const details = `syntax = "proto3";
package acme.v1;
// It did not fit. Not retried.
//
// What to do: fold it.
message TooLarge {
  // What of it.
  Side side = 1;
  // How much.
  uint64 max = 2;
}
// A side.
enum Side {
  // Not known.
  SIDE_UNSPECIFIED = 0;
  // The long one.
  SIDE_LONG = 1;
}
`;
  const text = generate({ "acme/v1/code.proto": codes, "acme/v1/error.proto": details }, "docs").files["errors.md"];

  it("lists the verdicts with their ranges", () => {
    expect(text).toContain("| `ASK_USER` | 4500-4599 | A person has to do something before dialling makes sense. |");
  });

  it("lists every code with what to do", () => {
    expect(text).toContain(
      "| 4500 | `REFUSED` | rejection, close | Not you \\| nor me. | `ASK_USER` | PERMISSION_DENIED | Say please. |",
    );
  });

  it("lists the details of errors with their enums", () => {
    expect(text).toContain(`### TooLarge

It did not fit. Not retried.

What to do: fold it.

| field | type | meaning |
|---|---|---|
| \`side\` | [Side](#side) | What of it. |
| \`max\` | uint64 | How much. |

### Side

A side.

| value | meaning |
|---|---|
| \`UNSPECIFIED\` | Not known. |
| \`LONG\` | The long one. |`);
  });
});
