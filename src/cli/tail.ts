import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { OutputStream, type TimelineItem, TimelineItemSchema } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { itemToText } from "./agent-text.ts";
import { runConnected } from "./command.ts";
import { followTimeline } from "./follow-timeline.ts";
import type { Output } from "./output.ts";

interface TailOptions {
  readonly from: bigint;
}

/** Adds `moorline tail AGENT`: follows the timeline of an agent. */
export function addTail(program: Command): void {
  const command = program
    .command("tail")
    .description("follow the timeline of an agent, until it is interrupted")
    .argument("<agent>", "the id of the agent")
    .addOption(
      new Option("--from <seq>", "the first item to show, 1 for the first of all").argParser(toSeq).default(1n, "1"),
    );
  runConnected<TailOptions>(
    command,
    { connection: "lasting" },
    async ({ client, output }, [agentId = ""], { from }) => {
      for await (const item of followTimeline(client, agentId)) if (item.seq >= from) printItem(output, item);
      return 0;
    },
  );
}

/** Prints an item: what a process wrote as it is, everything else as a line. */
export function printItem(output: Output, item: TimelineItem): void {
  const { content } = item;
  if (content.case !== "commandOutput") {
    output.message(TimelineItemSchema, item, itemToText);
    return;
  }
  const { stream, data } = content.value;
  output.bytes(stream === OutputStream.STDERR ? "stderr" : "stdout", data);
  output.json(TimelineItemSchema, item);
}

function toSeq(text: string): bigint {
  if (!/^[1-9][0-9]{0,18}$/.test(text)) throw new InvalidArgumentError("the place of an item, 1 or more");
  return BigInt(text);
}
