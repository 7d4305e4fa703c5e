import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, describe, expect, it } from "vitest";
import { AgentSettingsSchema } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { PromptTaskSchema } from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { CommandRefusal } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import { ProviderAvailability, ProviderCapability } from "../../../../gen/moorline/agent/v1/provider_pb.ts";
import { CommandProvider } from "../../../../src/daemon/command/command-provider.ts";
import { commandRequest, RunRecorder, scriptRequest } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "moorline-check-"));
const plain = join(folder, "plain");
const tool = join(folder, "tool");
writeFileSync(plain, "");
writeFileSync(tool, "#!/bin/sh\n");
chmodSync(tool, 0o755);
const ownEnvironment = { PATH: folder };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("CommandProvider: describe", () => {
  it("says what commands can do [AGENT-1]", () => {
    expect(new CommandProvider().describe()).toMatchObject({
      id: "command",
      capabilities: [
        ProviderCapability.PROMPTS,
        ProviderCapability.CANCEL,
        ProviderCapability.PERMISSIONS,
        ProviderCapability.CLOSE_INPUT,
      ],
      availability: ProviderAvailability.AVAILABLE,
    });
  });
});

describe("CommandProvider: check", () => {
  const provider = new CommandProvider({ ownEnvironment, policy: [{ argv: ["rm"], verdict: "deny" }] });

  it.each([
    ["in the search path", ["tool"]],
    ["at a path", [tool]],
    ["at a path from the directory", ["./tool"]],
    ["with as many arguments as there may be", ["tool", ...Array<string>(1_023).fill("a")]],
    ["with as many bytes as there may be", ["tool", "a".repeat(131_068)]],
  ])("has nothing against a program %s [AGENT-9]", async (_name, argv) => {
    expect(await provider.check(commandRequest(argv, { workingDirectory: folder }))).toBeUndefined();
  });

  it.each([
    ["NOT_FOUND", commandRequest(["moorline-no-such-program"])],
    ["NOT_FOUND", commandRequest(["plain"])],
    ["NOT_FOUND", commandRequest([plain])],
    ["NOT_FOUND", commandRequest([folder])],
    ["NOT_ALLOWED", commandRequest(["rm", "x"])],
    ["BAD_DIRECTORY", commandRequest(["tool"], { workingDirectory: join(folder, "missing") })],
    ["BAD_DIRECTORY", commandRequest(["tool"], { workingDirectory: plain })],
    ["BAD_DIRECTORY", commandRequest(["tool"], { workingDirectory: "relative" })],
    ["VARIABLE_NOT_ALLOWED", commandRequest(["tool"], { environment: { LD_PRELOAD: "x" } })],
  ] as const)("refuses with %s: case %# [AGENT-9]", async (reason, request) => {
    const program = request.task.case === "command" ? request.task.value.argv[0] : "";
    expect(await provider.check(request)).toMatchObject({
      case: "commandRefused",
      value: { reason: CommandRefusal[reason], program },
    });
  });

  it.each([
    ["no task", { task: { case: undefined } }],
    ["a prompt", { task: { case: "prompt", value: create(PromptTaskSchema, { text: "hello" }) } }],
    ["no program", commandRequest([])],
    ["an empty program", commandRequest([""])],
    ["too many arguments", commandRequest(Array<string>(1_025).fill("a"))],
    ["too many bytes", commandRequest(["tool", "a".repeat(131_069)])],
    ["a NUL character", commandRequest(["tool", "a\0b"])],
    ["too many variables", { environment: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`LC_${i}`, "x"])) }],
  ] as const)("calls a request with %s invalid [AGENT-9]", async (_name, changes) => {
    const request = { ...commandRequest(["tool"]), ...changes };
    expect(await provider.check(request)).toMatchObject({ case: "invalid" });
  });

  it("does not start what could never be started [AGENT-9]", () => {
    expect(() => provider.start(commandRequest([]), new RunRecorder())).toThrow(RangeError);
  });

  it.each([
    ["modeId", "MODES"],
    ["modelId", "MODELS"],
    ["thinkingId", "THINKING"],
  ] as const)("has no %s to set [AGENT-9]", async (field, capability) => {
    const settings = create(AgentSettingsSchema, { [field]: "x" });
    expect(await provider.check(scriptRequest("", { settings }))).toMatchObject({
      case: "capabilityMissing",
      value: { providerId: "command", capability: ProviderCapability[capability] },
    });
    expect(await provider.check(commandRequest(["tool"], { settings: create(AgentSettingsSchema) }))).toBeUndefined();
  });
});
