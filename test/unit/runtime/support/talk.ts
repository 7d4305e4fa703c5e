import { Echo, type HostStage } from "./host-stage.ts";

/** A stream that is answered message by message. */
export function startTalk(stage: HostStage): {
  say(text: string): void;
  readonly heard: string[];
  readonly failures: unknown[];
} {
  const queue: string[] = [];
  let wake: () => void = () => {};
  async function* requests(): AsyncGenerator<{ text: string }> {
    for (;;) {
      for (let text = queue.shift(); text !== undefined; text = queue.shift()) yield { text };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const heard: string[] = [];
  const failures: unknown[] = [];
  void (async () => {
    try {
      for await (const { text } of stage.host.service(Echo).talk(requests())) heard.push(text);
    } catch (error) {
      failures.push(error);
    }
  })();
  const say = (text: string): void => {
    queue.push(text);
    wake();
  };
  return { say, heard, failures };
}

/** What the server has said about channels: only resumes may follow the first attach. */
export function lostChannelsOf({ transitions }: HostStage): number {
  return transitions.filter(({ machine, to }) => machine === "channel" && to === "lost").length;
}
